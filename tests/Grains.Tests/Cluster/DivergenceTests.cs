using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Tests.Fakes;
using SpoActors.Trainer.Storage;

namespace SpoActors.Grains.Tests.Cluster;

/// <summary>What would only be repeated pauses the run with its reason; nothing is tried again until somebody says so.</summary>
public sealed class DivergenceTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(WorkerRole.Trainer)]
    [InlineData(WorkerRole.Scorer)]
    public async Task Run_WhenItsNumbersDiverge_IsPausedOnceAndGoesOnWhenResumed(WorkerRole where)
    {
        var (tries, isMended) = (0, false);
        var behaviour = new FakeBehaviour();
        if (where == WorkerRole.Trainer) behaviour.OnTrain = (round, _) => Diverge(round);
        else behaviour.OnScore = pool => Diverge(pool.Lease.Id.Item.Round);
        await using var cluster = await PipelineCluster.StartAsync(behaviour, SiloPart.All);
        var run = FakeRuns.Specification(rounds: 3);
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());

        var paused = await cluster.UntilAsync("run", s => s.Status == RunStatus.Paused, Token);
        Assert.Equal("training diverged in round 2", paused.Reason);
        Assert.Equal((1, 0), (paused.NextRound, paused.Items.Failures));
        // The worker that found it has left or asks in vain: no second try.
        await cluster.UntilAsync("run", s => s.Workers.All(w => w.Report.Problem is null), Token);
        var triesWhenPaused = Volatile.Read(ref tries);

        Volatile.Write(ref isMended, true);
        await cluster.Run("run").ControlAsync(new ControlRun(Protocol.Version, RunAction.Resume), Token);
        Assert.InRange(triesWhenPaused, 1, where == WorkerRole.Trainer ? 1 : int.MaxValue);
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);

        void Diverge(int round)
        {
            if (round != 1 || Volatile.Read(ref isMended)) return;
            Interlocked.Increment(ref tries);
            throw new FakeDivergence();
        }
    }

    sealed class FakeDivergence() : DivergedException("training diverged in round 2");
}
