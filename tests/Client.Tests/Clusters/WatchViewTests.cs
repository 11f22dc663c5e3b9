using System.Text.Json;
using Spectre.Console.Testing;
using SpoActors.Client.Clusters;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Trainer.Method;

namespace SpoActors.Client.Tests.Clusters;

public sealed class WatchViewTests
{
    static readonly RunSnapshot Run = new(
        "sd15", RunStatus.Running, "waiting for a scorer: no live silo has the role", NextRound: 7, RoundCount: 20, null, new ConsumedTotals(1234, ""), 1,
        new ItemCounts(3, 2, 1, 0, 0, 0), [],
        [Worker("s1", WorkerRole.Sampler, busy: 1, rate: 0.25, version: 6), Worker("s2", WorkerRole.Sampler, busy: 0.5, rate: 0.5, version: 2), Worker("t", WorkerRole.Trainer, busy: 0.25, rate: 8)],
        "sampler");

    static WorkerView Worker(string silo, WorkerRole role, double busy, double rate, int? version = null) => new(
        new WorkerReport(new WorkerId(silo, "cuda:0", role), busy == 1 ? [new LeaseId(new ItemId("sd15", 7, 0), 1)] : [], new WorkerLoad(busy, QueueDepth: 2, QueueBytes: 3 << 20, Done: 40, rate), version, null, false, null, true), TimeSpan.Zero);

    [Fact]
    public void Stages_OfARun_AddUpTheirDevices()
    {
        var rows = ClusterTables.Stages(Run).Rows;
        Assert.Equal(["sampler (bottleneck)", "2", "75 %", "4", "6.0", "0.75", "80", "1"], rows[0]);
        Assert.Equal(["scorer", "0", "", "0", "0.0", "0.00", "0", ""], rows[1]);
        Assert.Equal(["trainer", "1", "25 %", "2", "3.0", "8.00", "40", ""], rows[2]);
    }

    [Fact]
    public void View_OfARun_ShowsWhereItStandsAndWhatHappenedLast()
    {
        var view = new WatchView();
        foreach (var i in Enumerable.Range(1, 20)) view.Add(new RunEventRecord(i, DateTimeOffset.UnixEpoch, "lease", $"event {i}."));
        var metrics = new RoundMetrics { Round = 6, Prompts = 2, Pairs = 5, ValidPairShare = 0.5, ScoreMean = 21.5, ScoreStd = 1, SampleSeconds = 1, ScoreSeconds = 2, TrainSeconds = 3, ConsumedDigest = "" };
        view.Add(new RunEventRecord(21, DateTimeOffset.UnixEpoch, "round", JsonSerializer.Serialize(metrics)));
        using var console = new TestConsole();
        console.Profile.Width = 120;
        console.Write(view.Draw(Run));
        foreach (var expected in new[] { "sd15: running, round 7 of 20, 1234 pairs", "waiting for a scorer", "sampler (bottleneck)", "event 14.", "event 20.", "round 7: 5 pairs (50 % valid)" })
            Assert.Contains(expected, console.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("event 13.", console.Output, StringComparison.Ordinal);
    }
}
