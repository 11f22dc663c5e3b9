using System.CommandLine;
using SpoActors.Trainer.Evaluation;

namespace SpoActors.Plugins;

/// <summary>Everything that plug-ins may add to, and what they have added.</summary>
public sealed class PluginRegistry
{
    readonly List<Func<IPluginOutput, TimeProvider, Command>> commands = [];

    /// <summary>Oracles, by the names that <c>evaluation.oracle</c> may hold.</summary>
    public OracleRegistry Oracles { get; } = new();

    /// <summary>Adds a command to <c>spo</c>, with whatever commands are below it.</summary>
    /// <param name="create">Makes it, given where it writes and its clock.</param>
    public void AddCommand(Func<IPluginOutput, TimeProvider, Command> create) => commands.Add(create);

    /// <summary>The commands of all plug-ins, in the order in which they were added.</summary>
    public IEnumerable<Command> CreateCommands(IPluginOutput output, TimeProvider time) => commands.Select(create => create(output, time));
}
