using System.CommandLine;
using SpoActors.Plugins;
using SpoActors.ShapesWorld;
using SpoActors.ShapesWorld.Commands;
using SpoActors.ShapesWorld.Evaluation;

[assembly: Plugin(typeof(ShapesPlugin))]

namespace SpoActors.ShapesWorld;

/// <summary>The world as a plug-in: its commands as <c>spo shapes</c>, and its oracle for runs whose <c>evaluation.oracle</c> is shapes_world.</summary>
public sealed class ShapesPlugin : IPlugin
{
    public void Register(PluginRegistry registry)
    {
        registry.AddCommand((output, time) => ShapesCommands.AddTo(
            new Command("shapes", "ShapesWorld: a small world to train everything from scratch in."),
            new ShapesOutput(output.Data, output.Say, table => output.Table(table.Title, table.Columns, table.Rows)), time));
        registry.Oracles.Register(RunOracle.Name, (run, say) => new RunOracle(run, say));
    }
}
