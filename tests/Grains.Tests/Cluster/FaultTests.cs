using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Tests.Fakes;

namespace SpoActors.Grains.Tests.Cluster;

/// <summary>What goes wrong stays without effect on the result.</summary>
public sealed class FaultTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_WhenASamplerSiloIsKilled_EndsLikeTheSequentialLoop()
    {
        var run = FakeRuns.Specification(staleness: 1, rounds: 6);
        await using var cluster = await PipelineCluster.StartAsync(
            null, SiloPart.Of(WorkerRole.Trainer, WorkerRole.Scorer), SiloPart.Samplers(1), SiloPart.Samplers(1));
        var reached = Reach(cluster.Behaviour, round: 2);
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        await reached.WaitAsync(Token);
        await cluster.Inner.KillSiloAsync(cluster.Silo(2), Token);
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
    }

    [Fact]
    public async Task Run_WhenTheTrainerSiloIsKilled_GoesOnOnAnotherFromTheManifest()
    {
        var run = FakeRuns.Specification(staleness: 1, rounds: 6);
        await using var cluster = await PipelineCluster.StartAsync(
            null, SiloPart.Of(WorkerRole.Scorer), SiloPart.Samplers(2), SiloPart.Of(WorkerRole.Trainer));
        var reached = Reach(cluster.Behaviour, round: 3);
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        await reached.WaitAsync(Token);
        await cluster.Inner.KillSiloAsync(cluster.Silo(2), Token);
        await cluster.JoinAsync(SiloPart.Of(WorkerRole.Trainer));
        var end = await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
        Assert.Equal(2, end.TrainerEpoch);
    }

    [Fact]
    public async Task Events_WhenTheRunsSiloIsKilled_GoOnWithoutAGapAndNoneTwice()
    {
        var run = FakeRuns.Specification(rounds: 6);
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.All, SiloPart.All);
        var reached = Reach(cluster.Behaviour, round: 2);
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        await reached.WaitAsync(Token);
        var seen = await cluster.Run("run").ReadEventsAsync(new ReadEvents(Protocol.Version, "", 0), Token);

        var address = await cluster.Inner.Client.GetGrain<IManagementGrain>(0).GetActivationAddress(cluster.Run("run"), Token);
        await cluster.Inner.KillSiloAsync(cluster.Inner.Silos.Single(s => s.SiloAddress.Equals(address)), Token);
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);

        var rest = await cluster.Run("run").ReadEventsAsync(new ReadEvents(Protocol.Version, seen.Stream, seen.Events[^1].Sequence), Token);
        var all = seen.Events.Concat(rest.Events).ToArray();
        Assert.Equal(Enumerable.Range(1, all.Length).Select(i => (long)i), all.Select(e => e.Sequence));
        Assert.Equal(Enumerable.Range(0, 6).Select(i => $"round {i},"), all.Where(e => e.Kind == "round").Select(e => e.Text[..8]));
    }

    [Fact]
    public async Task Run_WhenASamplerSiloStops_ItsItemsAreFinishedFirst()
    {
        var run = FakeRuns.Specification(staleness: 0, rounds: 6);
        await using var cluster = await PipelineCluster.StartAsync(
            null, SiloPart.Of(WorkerRole.Trainer, WorkerRole.Scorer), SiloPart.Samplers(1), SiloPart.Samplers(1));
        var reached = Reach(cluster.Behaviour, round: 2);
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        await reached.WaitAsync(Token);
        await cluster.Inner.StopSiloAsync(cluster.Silo(2), Token);
        var end = await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
        Assert.Equal((0, 0), (end.Items.Failures, end.Items.Expired));
    }

    [Fact]
    public async Task Run_WhenAnItemAlwaysFails_SetsItAsideAndSaysSo()
    {
        var behaviour = new FakeBehaviour
        {
            OnSample = (lease, _) =>
            {
                if (lease.Id.Item is { Round: 1, Index: 1 }) throw new InvalidOperationException("poison");
            },
        };
        await using var cluster = await PipelineCluster.StartAsync(behaviour, SiloPart.All);
        await cluster.StartRunAsync("run", FakeRuns.Specification(rounds: 3, maxSetAside: 0.4), FakeRuns.Prompts());
        var end = await cluster.FinishedAsync("run", Token);
        var poison = Assert.Single(end.SetAside);
        Assert.Equal(new ItemId("run", 1, 1), poison.Item);
        Assert.Contains("poison", poison.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WithoutASampler_SaysWhatItWaitsForAndGoesOnWhenOneJoins()
    {
        var run = FakeRuns.Specification(rounds: 2);
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.Of(WorkerRole.Trainer, WorkerRole.Scorer));
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        var waiting = await cluster.UntilAsync("run", s => s.Reason.Contains("waiting for a sampler", StringComparison.Ordinal), Token);
        Assert.Equal(RunStatus.Running, waiting.Status);
        await cluster.JoinAsync(SiloPart.Samplers(1));
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
    }

    [Fact]
    public async Task Run_WhenCancelledAndResumed_EndsLikeTheSequentialLoop()
    {
        var run = FakeRuns.Specification(rounds: 6);
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.All);
        var reached = Reach(cluster.Behaviour, round: 2);
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        await reached.WaitAsync(Token);
        await cluster.Run("run").ControlAsync(new ControlRun(Protocol.Version, RunAction.Cancel), Token);
        await cluster.UntilAsync("run", s => s.Workers.Count == 0, Token);
        await cluster.Run("run").ControlAsync(new ControlRun(Protocol.Version, RunAction.Resume), Token);
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
    }

    [Fact]
    public async Task Run_WhenTheStorageIsAwayForAWhile_GoesOnAfterwards()
    {
        var run = FakeRuns.Specification(rounds: 4);
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.All);
        var failures = 0;
        cluster.Storage.OnWrite = key =>
        {
            if (key.StartsWith("run/", StringComparison.Ordinal) && Interlocked.Increment(ref failures) is > 4 and < 9) throw new IOException("the database is away");
        };
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
        Assert.True(failures >= 9);
    }

    [Theory]
    [InlineData("../../x"), InlineData("/etc/x"), InlineData("a/b"), InlineData("..")]
    public async Task Start_UnderANameThatLeadsOutOfTheRunsFolder_IsRefused(string name)
    {
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.Of());
        var error = await Assert.ThrowsAsync<PipelineException>(() => cluster.StartRunAsync(name, FakeRuns.Specification(), FakeRuns.Prompts()));
        Assert.Contains($"the run's name is '{name}'; expected", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Describe_WhenTheRunDoesNotExist_IsRefused()
    {
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.All);
        var error = await Assert.ThrowsAsync<PipelineException>(() => cluster.SnapshotAsync("nothing"));
        Assert.Contains("there is no run 'nothing'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Describe_ByAClientOfAnotherVersion_IsRefused()
    {
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.All);
        var error = await Assert.ThrowsAsync<PipelineException>(() => cluster.Run("run").DescribeAsync(new DescribeRun(99), Token));
        Assert.Contains("protocol 99", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Completes when the first item of a round begins.</summary>
    static Task Reach(FakeBehaviour behaviour, int round)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        behaviour.OnSample = (lease, _) =>
        {
            if (lease.Id.Item.Round >= round) reached.TrySetResult();
        };
        return reached.Task;
    }
}
