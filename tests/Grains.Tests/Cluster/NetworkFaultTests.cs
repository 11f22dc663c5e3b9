using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Grains.Tests.Fakes;

namespace SpoActors.Grains.Tests.Cluster;

/// <summary>Calls that are lost, late or come twice are without effect on the result.</summary>
public sealed class NetworkFaultTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_WhenAnswersAreLost_DropsWhatComesTwice()
    {
        var run = FakeRuns.Specification(staleness: 1);
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.Of(WorkerRole.Trainer), SiloPart.Of(WorkerRole.Sampler, WorkerRole.Scorer));
        var calls = 0;
        cluster.Network.OnCall = async (_, call) =>
        {
            await call.Invoke();
            if (call.MethodName is "DeliverAsync" or "ItemScoredAsync" or "RoundTrainedAsync" && Interlocked.Increment(ref calls) % 3 == 0)
                throw new TimeoutException("the answer is lost");
        };
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
    }

    [Fact]
    public async Task Run_WhenASamplerCannotFetchAdapters_GivesItsItemsToOthers()
    {
        var run = FakeRuns.Specification(rounds: 2);
        await using var cluster = await PipelineCluster.StartAsync(
            null, SiloPart.Of(WorkerRole.Trainer, WorkerRole.Scorer), SiloPart.Samplers(1), SiloPart.Samplers(1));
        var healed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Network.OnCall = (silo, call) => PipelineCluster.IndexOf(silo) == 2 && call.MethodName == nameof(ITrainerGrain.ReadAdapterAsync)
            ? healed.Task
            : call.Invoke();
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
        Assert.Contains(await cluster.EventsAsync("run"), e => e.Contains("adapter version 0 cannot be fetched", StringComparison.Ordinal));
        healed.SetCanceled(Token);
    }

    [Fact]
    public async Task Run_WhenATwinTrainerHasTakenOver_TheOldOneCommitsNothing()
    {
        var run = FakeRuns.Specification(rounds: 4);
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.Of(WorkerRole.Sampler, WorkerRole.Scorer), SiloPart.Of(WorkerRole.Trainer));
        using var woken = new ManualResetEventSlim();
        var asleep = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var refused = new TaskCompletionSource<TrainerStanding>(TaskCreationOptions.RunContinuationsAsynchronously);
        // The trainer falls asleep in round 2 and is cut off, as a process that is stopped and wakes up later.
        cluster.Behaviour.OnTrain = (round, _) =>
        {
            if (round == 2 && asleep.TrySetResult()) woken.Wait(Token);
        };
        cluster.Network.OnCall = async (silo, call) =>
        {
            var isOld = PipelineCluster.IndexOf(silo) == 1 && call.InterfaceName.Contains(nameof(IRunGrain), StringComparison.Ordinal);
            if (isOld && asleep.Task.IsCompleted && !woken.IsSet) throw new TimeoutException("cut off");
            await call.Invoke();
            if (isOld && woken.IsSet && call.Result is TrainerReply reply) refused.TrySetResult(reply.Standing);
        };
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        await asleep.Task.WaitAsync(Token);
        await cluster.JoinAsync(SiloPart.Of(WorkerRole.Trainer));
        var end = await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
        Assert.Equal(2, end.TrainerEpoch);

        var manifest = cluster.Manifest("run");
        woken.Set();
        Assert.Equal(TrainerStanding.Superseded, await refused.Task.WaitAsync(Token));
        await cluster.Inner.StopSiloAsync(cluster.Silo(1), Token);
        Assert.Equal(manifest, cluster.Manifest("run"));
    }

    [Fact]
    public async Task Run_WhenASamplerIsCutOffForLongerThanItsLease_EndsLikeTheSequentialLoop()
    {
        var run = FakeRuns.Specification(staleness: 1);
        await using var cluster = await PipelineCluster.StartAsync(
            null, SiloPart.Of(WorkerRole.Trainer, WorkerRole.Scorer), SiloPart.Samplers(1), SiloPart.Samplers(1));
        var isCut = true;
        cluster.Network.OnCall = (silo, call) => isCut && PipelineCluster.IndexOf(silo) == 2 && call.MethodName is "ReportAsync" or "DeliverAsync"
            ? Task.FromException(new TimeoutException("cut off"))
            : call.Invoke();
        cluster.Behaviour.OnSample = (lease, _) => isCut &= lease.Id.Item.Round < 3;
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
    }
}
