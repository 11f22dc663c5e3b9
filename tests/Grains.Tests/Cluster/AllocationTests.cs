using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Tests.Fakes;
using SpoActors.Specification;

namespace SpoActors.Grains.Tests.Cluster;

/// <summary>Two runs share a cluster, and a run that pauses gives its workers back.</summary>
public sealed class AllocationTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Runs_OfDifferentPriority_ShareTheSamplersAndBothEndLikeTheSequentialLoop()
    {
        await using var cluster = await PipelineCluster.StartAsync(
            Slow(), SiloPart.Of(WorkerRole.Trainer, WorkerRole.Scorer), SiloPart.Of(WorkerRole.Trainer, WorkerRole.Scorer), SiloPart.Samplers(4));
        var old = FakeRuns.Specification(staleness: 1, rounds: 100_000);
        var young = old with { Seed = 7, Pipeline = old.Pipeline with { Priority = 3 } };
        await cluster.StartRunAsync("old", old, FakeRuns.Prompts());
        await cluster.UntilAsync("old", s => Samplers(s) == 4, Token);
        await cluster.StartRunAsync("young", young, FakeRuns.Prompts());
        await cluster.UntilAsync("young", s => Samplers(s) == 3, Token);
        await cluster.UntilAsync("old", s => Samplers(s) == 1, Token);
        foreach (var (name, run) in new[] { ("old", await EndSoonAsync("old", old)), ("young", await EndSoonAsync("young", young)) })
        {
            var end = await cluster.FinishedAsync(name, Token);
            var expected = SequentialReference.Of(run, FakeRuns.Prompts());
            Assert.Equal((expected.AdapterHash, expected.ConsumedDigest), (end.Adapter!.Hash, end.Totals.Digest));
        }

        async Task<RunSpecification> EndSoonAsync(string name, RunSpecification run)
        {
            var shorter = run with { Training = run.Training with { Rounds = (await cluster.SnapshotAsync(name)).NextRound + 10 } };
            await cluster.StartRunAsync(name, shorter, FakeRuns.Prompts());
            return shorter;
        }
    }

    [Fact]
    public async Task Run_WhenPaused_GivesItsWorkersBackAndTakesThemAgain()
    {
        await using var cluster = await PipelineCluster.StartAsync(Slow(), SiloPart.All, SiloPart.Samplers(1));
        var run = FakeRuns.Specification(rounds: 20);
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        await cluster.UntilAsync("run", s => s.NextRound >= 2, Token);
        await cluster.Run("run").ControlAsync(new ControlRun(Protocol.Version, RunAction.Pause), Token);
        var paused = await cluster.UntilAsync("run", s => s.Workers.Count == 0, Token);
        Assert.Equal(RunStatus.Paused, paused.Status);
        await cluster.Run("run").ControlAsync(new ControlRun(Protocol.Version, RunAction.Resume), Token);
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
    }

    static int Samplers(RunSnapshot run) => run.Workers.Count(w => w.Report.Worker.Role == WorkerRole.Sampler);

    /// <summary>So that the runs last until they have been looked at.</summary>
    static FakeBehaviour Slow() => new() { OnSample = (_, cancellation) => cancellation.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(60)) };
}
