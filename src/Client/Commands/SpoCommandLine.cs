using System.CommandLine;
using System.CommandLine.Parsing;
using SpoActors.Client.Clusters;
using SpoActors.Client.Console;
using SpoActors.Plugins;

namespace SpoActors.Client.Commands;

/// <summary>The command line of <c>spo</c>.</summary>
public static class SpoCommandLine
{
    /// <summary>What <c>spo</c> alone says.</summary>
    static readonly string[] FirstSteps =
    [
        "Step-by-step preference optimization (SPO) of text-to-image diffusion models. First steps:",
        "  spo doctor                        can this machine do the work?",
        "  spo run config/tiny.yaml          train a LoRA on a tiny model, in minutes on any CPU",
        "  spo run config/sd15.yaml --dry-run   what a run of your own would need",
        "  spo sample MODEL -p \"a cat\"       draw images, with --lora FILE to see what was learned",
        "  spo --help                        all commands; spo COMMAND --help says more of one",
    ];

    /// <summary>All commands, writing to <paramref name="output"/>.</summary>
    /// <param name="time">Their clock.</param>
    /// <param name="connector">Finds clusters; null for the real ones.</param>
    /// <param name="plugins">What plug-ins add; null for nothing.</param>
    /// <exception cref="PluginException">A plug-in's command has the name of another.</exception>
    public static RootCommand Create(IConsoleOutput output, TimeProvider time, IClusterConnector? connector = null, PluginRegistry? plugins = null)
    {
        plugins ??= new PluginRegistry();
        var cluster = new ClusterServices(connector ?? new GatewayConnector(time), output, time);
        var root = new RootCommand("Step-by-step preference optimization (SPO) of text-to-image diffusion models.")
        {
            new RunCommand(output, time, plugins.Oracles),
            new TrainSpmCommand(output, time),
            new StartCommand(cluster, plugins.Oracles),
            new WatchCommand(cluster),
            new ListCommand(cluster),
            new ShowCommand(cluster),
            new PauseCommand(cluster),
            new ResumeCommand(cluster),
            new CancelCommand(cluster),
            new LogsCommand(cluster),
            new Command("cluster", "Prepare and inspect a cluster.") { new ClusterStatusCommand(cluster), new ClusterInitCommand(output) },
            new SampleCommand(output),
            new InspectCommand(output),
            new ConvertCommand(output),
            new DoctorCommand(output, time, plugins.Oracles),
            new CompletionCommand(output),
        };
        foreach (var command in plugins.CreateCommands(new PluginConsole(output), time))
        {
            if (root.Subcommands.Any(other => other.Name == command.Name))
                throw new PluginException($"a plug-in adds a command '{command.Name}', which there is already; rename it, or remove the plug-in.");
            root.Subcommands.Add(command);
        }
        return root;
    }

    /// <summary>Loads the plug-ins, parses, runs, and turns every failure into a message and an exit code.</summary>
    public static async Task<int> InvokeAsync(
        IReadOnlyList<string> args, IConsoleOutput output, TimeProvider time, IClusterConnector? connector = null, CancellationToken cancellation = default)
    {
        try
        {
            var parsed = Create(output, time, connector, PluginLoader.Load(PluginLoader.Folders())).Parse(args);
            if (args.Count == 0)
            {
                foreach (var line in FirstSteps) output.Say(line);
                return (int)ExitCode.Success;
            }
            // A shell that asks for completions has an unfinished line.
            var isCompleting = args[0].StartsWith("[suggest", StringComparison.Ordinal);
            if (parsed.Errors.Count > 0 && !isCompleting)
            {
                foreach (var message in Mistypings.Explain(parsed)) output.Fail(message);
                output.Say($"`spo {CommandPath(parsed.CommandResult)}--help` says how it is used.");
                return (int)ExitCode.InvalidInput;
            }
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
