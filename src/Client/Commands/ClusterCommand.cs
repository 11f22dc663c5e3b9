using System.CommandLine;
using SpoActors.Client.Clusters;
using SpoActors.Client.Console;
using SpoActors.Specification;

namespace SpoActors.Client.Commands;

/// <summary>A command that talks to a cluster.</summary>
abstract class ClusterCommand : Command
{
    readonly Option<string> cluster = ClusterOption();

    /// <param name="patience">Time in which the cluster must answer.</param>
    protected ClusterCommand(string name, string description, ClusterServices services, TimeSpan? patience = null) : base(name, description)
    {
        (Output, Time) = (services.Output, services.Time);
        Options.Add(cluster);
        Options.Add(Format);
        SetAction(async (parsed, cancellation) =>
        {
            if (WithoutCluster(parsed) is { } code) return (int)code;
            await using var connection = await services.Connector.ConnectAsync(parsed.GetValue(cluster)!, cancellation);
            var calls = new ClusterCalls(Output, Time, patience ?? TimeSpan.FromMinutes(1));
            return (int)await ExecuteAsync(parsed, new ClusterSession(connection.Grains, calls), cancellation);
        });
    }

    protected IConsoleOutput Output { get; }

    protected TimeProvider Time { get; }

    protected Option<OutputFormat> Format { get; } = SharedOptions.Format();

    /// <summary>Does what needs no cluster; null where it must be asked.</summary>
    protected virtual ExitCode? WithoutCluster(ParseResult parsed) => null;

    protected abstract Task<ExitCode> ExecuteAsync(ParseResult parsed, ClusterSession session, CancellationToken cancellation);

    /// <summary>Where the cluster is.</summary>
    public static Option<string> ClusterOption() => new("--cluster")
    {
        Description = "File whose cluster section says where the cluster is; a silo's configuration will do. SPO_CLUSTER names another default.",
        HelpName = "file",
        DefaultValueFactory = _ => Environment.GetEnvironmentVariable("SPO_CLUSTER") ?? Path.Combine("config", "silo.yaml"),
    };

    protected static Argument<string> RunArgument()
    {
        var argument = new Argument<string>("run") { Description = "Name of a run; `spo list` shows them." };
        argument.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value: var name }] && RunName.Fault(name) is { } fault) result.AddError($"The run's name is {fault}");
        });
        return argument;
    }
}
