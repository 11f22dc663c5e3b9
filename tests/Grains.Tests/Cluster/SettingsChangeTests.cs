using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Tests.Fakes;

namespace SpoActors.Grains.Tests.Cluster;

/// <summary>Starting a run that exists takes what may change, and says so; what would compute something else is refused by name.</summary>
public sealed class SettingsChangeTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Start_WithOtherBoundsAndRounds_TakesThemWhileTheRunGoesOn()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var behaviour = new FakeBehaviour
        {
            OnSample = (lease, cancellation) =>
            {
                if (lease.Id.Item.Round >= 2) reached.TrySetResult();
                cancellation.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(5));
            },
        };
        await using var cluster = await PipelineCluster.StartAsync(behaviour, SiloPart.All, SiloPart.Samplers(1));
        var run = FakeRuns.Specification(staleness: 1, rounds: 10_000);
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        await reached.Task.WaitAsync(Token);
        var now = await cluster.SnapshotAsync("run");
        var rounds = now.NextRound + 6;
        var changed = run with { Training = run.Training with { Rounds = rounds }, Pipeline = run.Pipeline with { LeaseSeconds = 30, PairCapacity = 32 } };
        var answer = await cluster.StartRunAsync("run", changed, FakeRuns.Prompts());
        Assert.Equal(["pipeline.lease_seconds: 2 to 30", "pipeline.pair_capacity: 64 to 32", $"training.rounds: 10000 to {rounds}"], answer.Taken.Order());
        await cluster.AssertEndsLikeTheSequentialLoopAsync(changed);
        Assert.Contains(await cluster.EventsAsync("run"), e => e == "pipeline.lease_seconds: 2 to 30");
    }

    [Fact]
    public async Task Start_OfAFinishedRunWithMoreRounds_GoesOn()
    {
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.All);
        var run = FakeRuns.Specification(rounds: 2);
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        await cluster.FinishedAsync("run", Token);
        var longer = run with { Training = run.Training with { Rounds = 5 } };
        await cluster.StartRunAsync("run", longer, FakeRuns.Prompts());
        var end = await cluster.UntilAsync("run", s => s is { Status: RunStatus.Finished, NextRound: 5 }, Token);
        var expected = SequentialReference.Of(longer, FakeRuns.Prompts());
        Assert.Equal((expected.AdapterHash, expected.ConsumedDigest), (end.Adapter!.Hash, end.Totals.Digest));
    }

    [Fact]
    public async Task Start_WithSettingsThatComputeSomethingElse_NamesThemAndChangesNothing()
    {
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.All);
        var run = FakeRuns.Specification(rounds: 3);
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        var other = run with { Seed = 7, Sampling = run.Sampling with { Steps = 30 }, Pipeline = run.Pipeline with { LeaseSeconds = 30 } };
        var error = await Assert.ThrowsAsync<PipelineException>(() => cluster.StartRunAsync("run", other, FakeRuns.Prompts()));
        Assert.Equal(PipelineFault.Conflict, error.Fault);
        foreach (var part in new[] { "sampling.steps is 20, now 30", "seed is 42, now 7", "These alone could change: pipeline.lease_seconds: 2 to 30" })
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
    }
}
