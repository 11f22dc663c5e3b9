using System.CommandLine;
using SpoActors.Client.Clusters;
using SpoActors.Client.Console;
using SpoActors.Grains.Interfaces.Runs;

namespace SpoActors.Client.Commands;

/// <summary>A command that changes a run's status.</summary>
abstract class ControlCommand : ClusterCommand
{
    readonly Argument<string> run = RunArgument();
    readonly RunAction action;

    protected ControlCommand(string name, string description, RunAction action, ClusterServices services) : base(name, description, services)
    {
        this.action = action;
        Arguments.Add(run);
    }

    /// <summary>Whether the next trainer may go on from a folder that is behind.</summary>
    protected virtual bool AllowsRegression(ParseResult parsed) => false;

    protected override async Task<ExitCode> ExecuteAsync(ParseResult parsed, ClusterSession session, CancellationToken cancellation)
    {
        var snapshot = await session.Run(parsed.GetValue(run)!).ControlAsync(action, AllowsRegression(parsed), cancellation);
        Output.Result(parsed.GetValue(Format), snapshot, ClusterTables.Run);
        return ExitCode.Success;
    }
}
