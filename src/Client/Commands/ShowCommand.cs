using System.CommandLine;
using SpoActors.Client.Clusters;
using SpoActors.Client.Console;

namespace SpoActors.Client.Commands;

/// <summary><c>spo show</c>: where a run stands.</summary>
sealed class ShowCommand : ClusterCommand
{
    readonly Argument<string> run = RunArgument();

    public ShowCommand(ClusterServices services) : base("show", "Show where a run stands, its stages and its workers.", services) => Arguments.Add(run);

    protected override async Task<ExitCode> ExecuteAsync(ParseResult parsed, ClusterSession session, CancellationToken cancellation)
    {
        var snapshot = await session.Run(parsed.GetValue(run)!).DescribeAsync(cancellation);
        Output.Result(parsed.GetValue(Format), snapshot, ClusterTables.Run);
        return ExitCode.Success;
    }
}
