using System.CommandLine;
using SpoActors.Client.Clusters;
using SpoActors.Client.Console;

namespace SpoActors.Client.Commands;

/// <summary><c>spo logs</c>: the events of a run that the cluster keeps.</summary>
sealed class LogsCommand : ClusterCommand
{
    readonly Argument<string> run = RunArgument();

    public LogsCommand(ClusterServices services) : base("logs", "Write what happened in a run, oldest first.", services) => Arguments.Add(run);

    protected override async Task<ExitCode> ExecuteAsync(ParseResult parsed, ClusterSession session, CancellationToken cancellation)
    {
        var client = session.Run(parsed.GetValue(run)!);
        while (await client.ReadAsync(cancellation) is { Events.Count: > 0 } read)
        {
            if (read.Missed > 0) Output.Warn($"{read.Missed} earlier events are no longer kept.");
            foreach (var record in read.Events)
            {
                if (parsed.GetValue(Format) == OutputFormat.Json) Output.Line(record);
                else Output.Data(ClusterTables.Line(record));
            }
        }
        return ExitCode.Success;
    }
}
