using System.Globalization;
using SpoActors.Client.Console;
using SpoActors.Grains.Interfaces.Catalogue;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Runs;

namespace SpoActors.Client.Clusters;

/// <summary>What a cluster answers, as tables.</summary>
static class ClusterTables
{
    public static IEnumerable<OutputTable> Run(RunSnapshot run)
    {
        yield return ResultOutput.Properties("Run",
            ("run", run.Run), ("status", run.Status), ("waits for", run.Reason.Length > 0 ? run.Reason : null),
            ("round", string.Create(CultureInfo.InvariantCulture, $"{run.NextRound} of {run.RoundCount}")), ("pairs", run.Totals.Pairs),
            ("adapter", run.Adapter?.Hash), ("consumed digest", run.Totals.Digest), ("trainer epoch", run.TrainerEpoch),
            ("items", string.Create(CultureInfo.InvariantCulture, $"{run.Items.Pending} pending, {run.Items.Leased} leased, {run.Items.Scored} scored")),
            ("leases lost", run.Items.Expired), ("duplicates dropped", run.Items.DuplicatesDropped), ("failures", run.Items.Failures),
            ("bottleneck", run.Bottleneck.Length > 0 ? run.Bottleneck : null));
        if (run.Taken.Count > 0) yield return new OutputTable("Settings changed", ["setting"], [.. run.Taken.Select(t => (IReadOnlyList<string>)[t])]);
        yield return Stages(run);
        if (run.Workers.Count > 0) yield return Workers(run);
        if (run.SetAside.Count > 0)
            yield return new OutputTable("Items left out", ["item", "error"], [.. run.SetAside.Select(s => (IReadOnlyList<string>)[s.Item.ToString(), s.Error])]);
    }

    /// <summary>A row a stage: how busy, what waits, how fast, how old.</summary>
    public static OutputTable Stages(RunSnapshot run) => new("Stages", ["stage", "devices", "busy", "queue", "MiB", "per second", "done", "staleness"],
        [.. Enum.GetValues<WorkerRole>().Select(role => Stage(run, role))]);

    static IReadOnlyList<string> Stage(RunSnapshot run, WorkerRole role)
    {
        var reports = run.Workers.Select(w => w.Report).Where(r => r.Worker.Role == role).ToArray();
        // Of those at work: a sampler that waits fetches the newest one with its next item.
        var oldest = reports.Where(r => r.Held.Count > 0).Min(r => r.AdapterVersion);
        return
        [
            ResultOutput.Text(role) + (role.ToString().Equals(run.Bottleneck, StringComparison.OrdinalIgnoreCase) ? " (bottleneck)" : ""),
            ResultOutput.Text(reports.Length),
            reports.Length == 0 ? "" : reports.Average(r => r.Load.BusyShare).ToString("P0", CultureInfo.InvariantCulture),
            ResultOutput.Text(reports.Sum(r => r.Load.QueueDepth)),
            (reports.Sum(r => r.Load.QueueBytes) / (double)(1 << 20)).ToString("F1", CultureInfo.InvariantCulture),
            reports.Sum(r => r.Load.Rate).ToString("F2", CultureInfo.InvariantCulture),
            ResultOutput.Text(reports.Sum(r => r.Load.Done)),
            oldest is { } version ? ResultOutput.Text(run.NextRound - version) : "",
        ];
    }

    static OutputTable Workers(RunSnapshot run) => new("Workers", ["worker", "busy", "per second", "adapter", "silent", "state"],
        [.. run.Workers.Select(w => (IReadOnlyList<string>)
        [
            w.Report.Worker.ToString(), w.Report.Load.BusyShare.ToString("P0", CultureInfo.InvariantCulture),
            w.Report.Load.Rate.ToString("F2", CultureInfo.InvariantCulture), ResultOutput.Text(w.Report.AdapterVersion),
            string.Create(CultureInfo.InvariantCulture, $"{w.Silence.TotalSeconds:F0} s"),
            w.Report.Problem ?? (w.Quarantine is { } quarantine ? $"quarantined until {Time(quarantine.Until)}: {quarantine.Reason}" : w.Report.Draining ? "draining" : w.Report.IsReady ? "working" : "loading"),
        ])]);

    public static IEnumerable<OutputTable> Runs(CatalogueList list)
    {
        yield return new OutputTable("Runs", ["run", "status", "samplers", "scorers", "trainer", "waits for", "started"],
            [.. list.Runs.Select(r => (IReadOnlyList<string>)[r.Run, ResultOutput.Text(r.Status), Count(r, WorkerRole.Sampler), Count(r, WorkerRole.Scorer), string.Join(", ", list.Workers.Where(w => w.Run == r.Run && w.Worker.Role == WorkerRole.Trainer).Select(w => w.Worker.GrainKey)), r.Reason, Time(r.Started)])]);

        string Count(CatalogueEntry run, WorkerRole role) => ResultOutput.Text(list.Workers.Count(w => w.Run == run.Run && w.Worker.Role == role));
    }

    /// <summary>An event as a line.</summary>
    public static string Line(RunEventRecord record) => $"{Time(record.Time)} {Text(record)}";

    /// <summary>A round's event carries its metrics.</summary>
    static string Text(RunEventRecord record) => record.Kind == "round" && RoundMetrics.FromJson(record.Text) is { } metrics
        ? ProgressText.Describe(metrics)
        : $"{record.Kind}: {record.Text}";

    static string Time(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
