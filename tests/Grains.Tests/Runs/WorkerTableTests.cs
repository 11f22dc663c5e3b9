using SpoActors.Grains.Health;
using SpoActors.Grains.Interfaces.Catalogue;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Grains.Ledger;
using SpoActors.Grains.Runs;

namespace SpoActors.Grains.Tests.Runs;

/// <summary>What a run makes of what its workers say.</summary>
public sealed class WorkerTableTests
{
    static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    readonly WorkerTable table = new(TimeSpan.FromSeconds(60));
    readonly WorkerHealth health = new(new HealthOptions());

    [Fact]
    public void Obstacle_WhileAWorkerWithAProblemIsAwayAndLoadsAgain_StaysItsProblem()
    {
        Everybody();
        Hear(WorkerRole.Scorer, "a", problem: "no model");
        Assert.Equal("waiting for a scorer: scorer a/cpu:0: no model", table.Obstacle(null, health, Start));
        table.Remove(new WorkerId("a", "cpu:0", WorkerRole.Scorer));
        Assert.Equal("waiting for a scorer: scorer a/cpu:0: no model", table.Obstacle(null, health, Start));
        Hear(WorkerRole.Scorer, "a", isReady: false);
        Assert.Equal("waiting for a scorer: scorer a/cpu:0: no model", table.Obstacle(null, health, Start));
        Hear(WorkerRole.Scorer, "a");
        Assert.Equal("", table.Obstacle(null, health, Start));
    }

    [Fact]
    public void Obstacle_WhenTheSiloWithTheProblemIsGone_IsAnother()
    {
        Hear(WorkerRole.Trainer, "t");
        Hear(WorkerRole.Sampler, "a", problem: "no model");
        table.Remove(new WorkerId("a", "cpu:0", WorkerRole.Sampler));
        table.ForgetProblems(w => w.Silo == "a");
        Assert.Equal("waiting for a sampler: no live silo has the role; start one with roles: [sampler]", table.Obstacle(new DeviceTable([], [], []), health, Start));
    }

    [Fact]
    public void Obstacle_WithoutAWorker_SaysWhatTheClustersWorkersDo()
    {
        var (one, other) = (new WorkerId("a", "cpu:0", WorkerRole.Sampler), new WorkerId("b", "cpu:0", WorkerRole.Sampler));
        Assert.Equal("waiting for a trainer", table.Obstacle(null, health, Start));
        Hear(WorkerRole.Trainer, "t");
        Assert.Equal("waiting for a sampler", table.Obstacle(null, health, Start));
        Assert.Equal("waiting for a sampler: one is free and about to join", table.Obstacle(new DeviceTable([], [one], []), health, Start));
        Assert.Equal(
            "waiting for a sampler: all are busy: a/cpu:0 with run 'x', b/cpu:0 with run 'y'",
            table.Obstacle(new DeviceTable([new BusyWorker(one, "x"), new BusyWorker(other, "y")], [], []), health, Start));
        Hear(WorkerRole.Sampler, "a", isReady: false);
        Assert.Equal("waiting for a sampler: sampler a/cpu:0 loads what it needs", table.Obstacle(new DeviceTable([], [], []), health, Start));
    }

    [Fact]
    public void Scorers_ForWhoeverCouldNotReachOne_IsAnotherAndTheSameForTheRest()
    {
        var (first, second) = (Hear(WorkerRole.Scorer, "a"), Hear(WorkerRole.Scorer, "b"));
        var (sampler, other) = (new WorkerId("c", "cpu:0", WorkerRole.Sampler), new WorkerId("d", "cpu:0", WorkerRole.Sampler));
        var ledger = new RunLedger(
            new LedgerOptions { Staleness = 0, Capacity = 8, MaxBytes = 1, MaxAttempts = 3, LeaseDuration = TimeSpan.FromSeconds(60) }, "run", _ => 4, 1, 0, 0, []);
        Assert.False(table.Accuse(first, sampler, Start));
        Assert.Equal((second, first), (First(sampler, Start), First(other, Start)));
        // Time heals.
        Assert.Equal(first, First(sampler, Start.AddSeconds(61)));
        Assert.False(table.Accuse(first, sampler, Start.AddSeconds(1)));
        Assert.True(table.Accuse(first, other, Start.AddSeconds(2)));

        WorkerId First(WorkerId sampler, DateTimeOffset now) => table.Scorers(sampler, ledger, health, now)[0];
    }

    [Fact]
    public void Obstacle_WhenEveryWorkerOfARoleIsQuarantined_IsTheirErrors()
    {
        Everybody();
        var scorer = Hear(WorkerRole.Scorer, "a");
        Assert.Equal("", table.Obstacle(null, health, Start));
        for (var i = 0; i < 3; i++) health.Failed(scorer, null, "CUDA error", Start);
        Assert.Equal("waiting for a scorer: scorer a/cpu:0: CUDA error", table.Obstacle(null, health, Start));
    }

    void Everybody()
    {
        foreach (var role in new[] { WorkerRole.Sampler, WorkerRole.Trainer }) Hear(role, "a");
    }

    WorkerId Hear(WorkerRole role, string silo, string? problem = null, bool isReady = true)
    {
        var worker = new WorkerId(silo, "cpu:0", role);
        table.Hear(new WorkerReport(worker, [], new WorkerLoad(0, 0, 0, 0, 0), null, null, false, problem, isReady), Start);
        return worker;
    }
}
