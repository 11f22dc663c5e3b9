using Prometheus;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Grains.Ledger;
using SpoActors.Trainer.Method;

namespace SpoActors.Grains.Telemetry;

/// <summary>All metrics of the pipeline.</summary>
public sealed class PipelineInstruments
{
    static readonly string[] ByRun = ["run"];
    static readonly string[] ByWorker = ["role", "device"];

    /// <summary>Up to well above the minute at which config/prometheus/alerts.yml complains.</summary>
    static readonly double[] PublishBuckets = [0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 600];

    readonly Counter busySeconds, done, bytes, waitSeconds, losses, failures, duplicates, rounds, candidates, transitions, keptPairs, retries;
    readonly Gauge queueDepth, queueBytes, quarantined, items, adapterVersion, nextRound, staleness, pairs, metric;
    readonly Histogram publishSeconds;

    /// <param name="registry">Where they are collected; each in-process silo of a test has its own.</param>
    public PipelineInstruments(CollectorRegistry registry)
    {
        var metrics = Metrics.WithCustomRegistry(registry);
        busySeconds = metrics.CreateCounter("spo_device_busy_seconds_total", "Seconds in which a device worked for a role.", ByWorker);
        waitSeconds = metrics.CreateCounter("spo_wait_seconds_total", "Seconds a worker waited, by what it waited for.", ["role", "device", "reason"]);
        done = metrics.CreateCounter("spo_done_total", "Items sampled, pools scored, pairs trained on.", ByWorker);
        bytes = metrics.CreateCounter("spo_sent_bytes_total", "Tensor bytes sent to the next stage.", ByWorker);
        queueDepth = metrics.CreateGauge("spo_queue_depth", "Pieces that wait in front of a worker.", ByWorker);
        queueBytes = metrics.CreateGauge("spo_queue_bytes", "Bytes that wait in front of a worker.", ByWorker);
        adapterVersion = metrics.CreateGauge("spo_adapter_version", "Adapter version that a sampler has loaded.", ByWorker);
        quarantined = metrics.CreateGauge("spo_worker_quarantined", "1 for a worker that a run keeps from work since its executions fail one after the other.", ["run", "worker"]);
        items = metrics.CreateGauge("spo_items", "Items of the open rounds, by state.", ["run", "state"]);
        nextRound = metrics.CreateGauge("spo_next_round", "Round that is trained on next.", ByRun);
        staleness = metrics.CreateGauge(
            "spo_staleness_rounds", "Rounds that the oldest adapter in use is behind the newest: in_flight (being sampled or scored), in_queue (scored), consumed (trained on next).",
            ["run", "where"]);
        pairs = metrics.CreateGauge("spo_consumed_pairs", "Pairs trained on.", ByRun);
        losses = metrics.CreateCounter("spo_leases_lost_total", "Leases that ended without a result.", ByRun);
        failures = metrics.CreateCounter("spo_item_failures_total", "Executions that failed by the item's own fault.", ByRun);
        duplicates = metrics.CreateCounter("spo_duplicates_dropped_total", "Results dropped because they were late or came twice.", ByRun);
        rounds = metrics.CreateCounter("spo_rounds_total", "Rounds trained on.", ByRun);
        candidates = metrics.CreateCounter("spo_candidates_total", "Candidates scored.", ByWorker);
        transitions = metrics.CreateCounter("spo_transitions_total", "Transitions scored: the pairs there would be if all were kept.", ByWorker);
        keptPairs = metrics.CreateCounter("spo_pairs_total", "Pairs kept.", ByWorker);
        retries = metrics.CreateCounter("spo_call_retries_total", "Calls to other silos that were tried again.");
        metric = metrics.CreateGauge("spo_round_metric", "Figures of the last round trained on, as in metrics.jsonl.", ["run", "metric"]);
        publishSeconds = metrics.CreateHistogram("spo_publish_seconds", "Seconds from the end of training to the published adapter.",
            new HistogramConfiguration { LabelNames = ByRun, Buckets = PublishBuckets });
    }

    public void OnBusy(WorkerId worker, TimeSpan time) => busySeconds.WithLabels(Labels(worker)).Inc(time.TotalSeconds);

    public void OnWait(WorkerId worker, string reason, TimeSpan time) =>
        waitSeconds.WithLabels([.. Labels(worker), reason]).Inc(time.TotalSeconds);

    public void OnDone(WorkerId worker, long count) => done.WithLabels(Labels(worker)).Inc(count);

    public void OnSent(WorkerId worker, long sent) => bytes.WithLabels(Labels(worker)).Inc(sent);

    public void OnReport(WorkerReport report)
    {
        queueDepth.WithLabels(Labels(report.Worker)).Set(report.Load.QueueDepth);
        queueBytes.WithLabels(Labels(report.Worker)).Set(report.Load.QueueBytes);
        if (report.AdapterVersion is { } version) adapterVersion.WithLabels(Labels(report.Worker)).Set(version);
    }

    public void OnLedger(string run, RunLedger ledger)
    {
        items.WithLabels(run, "pending").Set(ledger.PendingCount);
        items.WithLabels(run, "leased").Set(ledger.LeasedCount);
        items.WithLabels(run, "scored").Set(ledger.ScoredCount);
        items.WithLabels(run, "set_aside").Set(ledger.SetAside.Count);
        nextRound.WithLabels(run).Set(ledger.NextRound);
        // Counters that have counted nothing are there, too: a rate of nothing is 0, not unknown.
        foreach (var counter in new[] { losses, failures, duplicates, rounds }) counter.WithLabels(run);
        SetStaleness("consumed", ledger.VersionOf(ledger.NextRound));
        SetStaleness("in_flight", ledger.OldestLeasedVersion);
        SetStaleness("in_queue", ledger.OldestScoredVersion);

        void SetStaleness(string where, int? version) => staleness.WithLabels(run, where).Set(version is null ? 0 : ledger.NextRound - version.Value);
    }

    /// <summary>This silo no longer keeps the run's account, or the run stands still by intention; what was last said must not stay.</summary>
    public void OnLedgerGone(string run)
    {
        foreach (var gauge in new[] { items, nextRound, staleness, pairs, metric, quarantined })
            foreach (var labels in gauge.GetAllLabelValues().Where(l => l[0] == run).ToArray()) gauge.RemoveLabelled(labels);
    }

    public void OnScored(WorkerId worker, ScoredPoolMessage pool)
    {
        candidates.WithLabels(Labels(worker)).Inc(pool.Scores.Count);
        transitions.WithLabels(Labels(worker)).Inc(pool.Possible);
        keptPairs.WithLabels(Labels(worker)).Inc(pool.Samples.Count);
    }

    public void OnQuarantine(string run, WorkerId worker, bool isQuarantined)
    {
        if (isQuarantined) quarantined.WithLabels(run, worker.ToString()).Set(1);
        else quarantined.RemoveLabelled(run, worker.ToString());
    }

    public void OnRetry() => retries.Inc();

    public void OnLeaseLost(string run) => losses.WithLabels(run).Inc();

    public void OnItemFailed(string run) => failures.WithLabels(run).Inc();

    public void OnDuplicateDropped(string run) => duplicates.WithLabels(run).Inc();

    public void OnRoundTrained(string run, RoundTrained round)
    {
        rounds.WithLabels(run).Inc();
        pairs.WithLabels(run).Set(round.Totals.Pairs);
        foreach (var (name, value) in Figures(round.Metrics)) metric.WithLabels(run, name).Set(value);
    }

    public void OnPublished(string run, TimeSpan time) => publishSeconds.WithLabels(run).Observe(time.TotalSeconds);

    static IEnumerable<(string Name, double Value)> Figures(string line)
    {
        if (RoundMetrics.FromJson(line) is not { } m) return [];
        (string Name, double? Value)[] figures =
        [
            ("loss", m.Loss), .. m.Objective.Where(o => o.Key != "loss").Select(o => (o.Key, (double?)o.Value)), ("gradient_norm", m.GradientNorm),
            ("score_mean", m.ScoreMean), ("score_std", m.ScoreStd), ("valid_pair_share", m.ValidPairShare), ("pairs", m.Pairs), ("train_seconds", m.TrainSeconds),
        ];
        return figures.Where(f => f.Value is not null).Select(f => (f.Name, f.Value!.Value));
    }

    static string[] Labels(WorkerId worker) => [worker.Role.ToString().ToLowerInvariant(), worker.Device];
}
