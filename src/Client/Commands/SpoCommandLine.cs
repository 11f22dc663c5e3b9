using System.CommandLine;
using System.CommandLine.Parsing;
using SpoActors.Client.Console;

namespace SpoActors.Client.Commands;

/// <summary>The command line of <c>spo</c>.</summary>
public static class SpoCommandLine
{
    /// <summary>All commands, writing to <paramref name="output"/>.</summary>
    public static RootCommand Create(IConsoleOutput output, TimeProvider time) => new(
        "Step-by-step preference optimization (SPO) of text-to-image diffusion models.")
    {
        new RunCommand(output, time),
        new SampleCommand(output),
        new InspectCommand(output),
        new ConvertCommand(output),
        new DoctorCommand(output, time),
        ShapesDoor.Create(output, time),
    };

    /// <summary>Parses, runs, and turns every failure into a message and an exit code.</summary>
    public static async Task<int> InvokeAsync(IReadOnlyList<string> args, IConsoleOutput output, TimeProvider time, CancellationToken cancellation = default)
    {
        var parsed = Create(output, time).Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors) output.Fail(error.Message);
            output.Say($"`spo {CommandPath(parsed.CommandResult)}--help` says how it is used.");
            return (int)ExitCode.InvalidInput;
        }
        try
        {
            // Interruption handles the signals: a step in progress may take longer than the library would wait.
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await parsed.InvokeAsync(configuration, cancellation);
        }
        catch (Exception exception)
        {
            var (code, message) = Failures.Explain(exception);
            output.Fail(message);
            return (int)code;
        }
    }

    static string CommandPath(CommandResult command) =>
        command.Parent is CommandResult parent ? CommandPath(parent) + command.Command.Name + " " : "";
}
