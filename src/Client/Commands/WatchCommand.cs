using System.CommandLine;
using SpoActors.Client.Clusters;
using SpoActors.Client.Console;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Runs;

namespace SpoActors.Client.Commands;

/// <summary><c>spo watch</c>: follows a run until it ends, through lost connections.</summary>
sealed class WatchCommand : ClusterCommand
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    readonly Argument<string> run = RunArgument();

    public WatchCommand(ClusterServices services)
        : base("watch", "Follow a run until it ends: every stage's busy share, queue and rate, staleness, and the bottleneck.", services, TimeSpan.FromMinutes(10)) =>
        Arguments.Add(run);

    protected override async Task<ExitCode> ExecuteAsync(ParseResult parsed, ClusterSession session, CancellationToken cancellation)
    {
        var name = parsed.GetValue(run)!;
        var client = session.Run(name);
        var format = parsed.GetValue(Format);
        try
        {
            return await WatchAsync(client, format, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            Output.Warn($"The run goes on without this view. `spo watch {name}` follows it again, `spo pause {name}` and `spo cancel {name}` stop it.");
            return ExitCode.Cancelled;
        }
    }

    async Task<ExitCode> WatchAsync(RunClient client, OutputFormat format, CancellationToken cancellation)
    {
        RunSnapshot? end = null;
        if (Output.IsInteractive && format == OutputFormat.Table)
        {
            var view = new WatchView();
            await Output.LiveAsync(async redraw => end = await FollowAsync(client, view.Add, snapshot => redraw(view.Draw(snapshot)), cancellation));
        }
        else
        {
            Action<RunEventRecord> write = format == OutputFormat.Json ? Output.Line : record => Output.Say(ClusterTables.Line(record));
            end = await FollowAsync(client, write, _ => { }, cancellation);
        }
        if (format == OutputFormat.Json) Output.Line(end!);
        else Output.Result(format, end!, ClusterTables.Run);
        return ExitCode.Success;
    }

    async Task<RunSnapshot> FollowAsync(RunClient client, Action<RunEventRecord> tell, Action<RunSnapshot> show, CancellationToken cancellation)
    {
        while (true)
        {
            // The status first: what happened before it is then read for certain.
            var snapshot = await client.DescribeAsync(cancellation);
            var read = await client.ReadAsync(cancellation);
            if (read.Missed > 0) Output.Warn($"{read.Missed} earlier events are no longer kept.");
            foreach (var record in read.Events) tell(record);
            show(snapshot);
            if (read.Events.Count > 0) continue;
            if (snapshot.Status is RunStatus.Finished or RunStatus.Cancelled) return snapshot;
            await Task.Delay(Interval, Time, cancellation);
        }
    }
}
