using System.CommandLine;

namespace SpoActors.ShapesWorld.Commands;

/// <summary>All commands of the world; the plug-in offers them as <c>spo shapes</c>.</summary>
public static class ShapesCommands
{
    /// <summary>Gives a parent command the world's commands.</summary>
    public static T AddTo<T>(T parent, ShapesOutput output, TimeProvider time) where T : Command
    {
        Command[] commands =
        [
            new TrainCommand(output, time), new ValidateCommand(output), new RenderCommand(output), new PromptsCommand(output), new PairsCommand(output),
            new EvaluateCommand(output), new JudgesCommand(output), new ExportCommand(output), new VerifyCommand(output),
        ];
        foreach (var command in commands) parent.Subcommands.Add(command);
        return parent;
    }
}
