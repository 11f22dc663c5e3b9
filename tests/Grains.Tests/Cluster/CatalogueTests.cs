using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Catalogue;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Tests.Fakes;

namespace SpoActors.Grains.Tests.Cluster;

/// <summary>The list of runs: it holds nobody up, and says why a run does not go on.</summary>
public sealed class CatalogueTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_WhenTheCatalogueDoesNotAnswer_IsCommittedToTheEndWithoutIt()
    {
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.All);
        using var silent = new Gate();
        var run = FakeRuns.Specification(rounds: 4);
        var isSilent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Behaviour.OnTrain = (_, _) =>
        {
            // Its silo dies, and nobody knows that yet.
            if (!isSilent.TrySetResult()) return;
            cluster.Network.OnCall = (_, call) => call.InterfaceName.Contains(nameof(ICatalogueGrain), StringComparison.Ordinal) ? silent.Opened : call.Invoke();
        };
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        await isSilent.Task.WaitAsync(Token);
        // Something to tell it, so that a call to it is under way from now on.
        var pausing = cluster.Run("run").ControlAsync(new ControlRun(Protocol.Version, RunAction.Pause), Token);
        await cluster.UntilAsync("run", s => s.Status == RunStatus.Paused, Token);
        await Task.WhenAll(pausing, cluster.Run("run").ControlAsync(new ControlRun(Protocol.Version, RunAction.Resume), Token));
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
    }

    [Fact]
    public async Task List_WhenARunHasNoState_SaysSoServesTheOthersAndLetsItBeRemoved()
    {
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.All);
        await Catalogue(cluster).RecordAsync(new CatalogueEntry("ghost", RunStatus.Running, DateTimeOffset.UnixEpoch), Token);
        var run = FakeRuns.Specification(rounds: 2);
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);

        var ghost = Assert.Single(await ListAsync(cluster), r => r.Run == "ghost");
        Assert.Equal((RunStatus.Cancelled, "its state is not in the cluster's storage; `spo cancel ghost` removes it from this list"), (ghost.Status, ghost.Reason));
        await cluster.Run("ghost").ControlAsync(new ControlRun(Protocol.Version, RunAction.Cancel), Token);
        Assert.DoesNotContain(await ListAsync(cluster), r => r.Run == "ghost");
        Assert.Equal(PipelineFault.NoSuchRun, (await Assert.ThrowsAsync<PipelineException>(() =>
            cluster.Run("ghost").ControlAsync(new ControlRun(Protocol.Version, RunAction.Cancel), Token))).Fault);
    }

    [Fact]
    public async Task List_WhenNoSiloHasTheModel_SaysSoAllTheTime()
    {
        var loads = 0;
        var behaviour = new FakeBehaviour
        {
            OnLoad = _ =>
            {
                Interlocked.Increment(ref loads);
                throw new FileNotFoundException("model.path: '/models/sd15' does not exist");
            },
        };
        await using var cluster = await PipelineCluster.StartAsync(behaviour, SiloPart.All);
        await cluster.StartRunAsync("run", FakeRuns.Specification(), FakeRuns.Prompts());
        const string Problem = "waiting for a sampler: sampler Silo_0/cpu:0: model.path: '/models/sd15' does not exist";
        await cluster.UntilAsync("run", s => s.Reason.Contains("model.path", StringComparison.Ordinal), Token);
        // It leaves, comes back and loads again, and the reason stays.
        var target = Volatile.Read(ref loads) + 2;
        await cluster.UntilAsync("run", s =>
        {
            Assert.Equal(Problem.Replace("Silo_0", cluster.Silo(0).Name, StringComparison.Ordinal), s.Reason);
            return Volatile.Read(ref loads) >= target;
        }, Token);
        Assert.Contains("model.path", Assert.Single(await ListAsync(cluster)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_WhenAllDevicesServeAnother_SaysWhichAndGoesOnAfterIt()
    {
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.All);
        using var gate = new Gate();
        cluster.Behaviour.OnSample = (lease, cancellation) =>
        {
            if (lease.Id.Item.Run == "first") gate.Pass(cancellation);
        };
        var run = FakeRuns.Specification(rounds: 2);
        await cluster.StartRunAsync("first", run, FakeRuns.Prompts());
        await cluster.UntilAsync("first", s => s.Items.Leased > 0, Token);
        await cluster.StartRunAsync("second", run, FakeRuns.Prompts());
        var waiting = await cluster.UntilAsync("second", s => s.Reason.Contains("busy", StringComparison.Ordinal), Token);
        Assert.Equal($"waiting for a trainer: all are busy: {cluster.Silo(0).Name}/cpu:0 with run 'first'", waiting.Reason);
        gate.Open();
        await cluster.FinishedAsync("second", Token);
    }

    [Fact]
    public async Task Events_WhenASiloStopsInOrder_CallItNoFailure()
    {
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.Of(WorkerRole.Trainer, WorkerRole.Scorer), SiloPart.Samplers(1), SiloPart.Samplers(1));
        var run = FakeRuns.Specification(rounds: 20);
        // Nobody is taken for silent meanwhile.
        await cluster.StartRunAsync("run", run with { Pipeline = run.Pipeline with { LeaseSeconds = 60 } }, FakeRuns.Prompts());
        await cluster.UntilAsync("run", s => s.NextRound >= 1 && s.Workers.Count == 4, Token);
        var name = cluster.Silo(2).Name;
        await cluster.Inner.StopSiloAsync(cluster.Silo(2), Token);
        await cluster.UntilAsync("run", s => s.Workers.Count == 3, Token);
        var said = (await cluster.EventsAsync("run")).Where(e => e.Contains(name, StringComparison.Ordinal)).ToArray();
        Assert.Contains($"sampler {name}/cpu:0 left", said);
        Assert.DoesNotContain(said, e => e.Contains("gone", StringComparison.Ordinal));
    }

    static ICatalogueGrain Catalogue(PipelineCluster cluster) => cluster.Inner.Client.GetGrain<ICatalogueGrain>(ICatalogueGrain.Key);

    static async Task<IReadOnlyList<CatalogueEntry>> ListAsync(PipelineCluster cluster) =>
        (await Catalogue(cluster).ListAsync(new ListRuns(Protocol.Version, OnlyRunning: false, Wait: false), Token)).Runs;
}
