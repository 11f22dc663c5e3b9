using System.CommandLine;

namespace SpoActors.ShapesWorld.Commands;

/// <summary>Where the commands write lines: data for programs, words for people.</summary>
public sealed record ShapesOutput(Action<string> Data, Action<string> Words);

/// <summary>All commands of the world; the client offers them as <c>spo shapes</c>.</summary>
public static class ShapesCommands
{
    /// <summary>Gives a parent command the world's commands.</summary>
    public static T AddTo<T>(T parent, ShapesOutput output, TimeProvider time) where T : Command
    {
        foreach (var command in (Command[])[new TrainCommand(output, time), new ValidateCommand(output), new RenderCommand(output), new PromptsCommand(output)])
            parent.Subcommands.Add(command);
        return parent;
    }
}
