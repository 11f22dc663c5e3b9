using System.Collections.Concurrent;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Tests.Fakes;

namespace SpoActors.Grains.Tests.Cluster;

/// <summary>A device that fails is kept from work; the items it failed with are done by others, and nothing is missing at the end.</summary>
public sealed class SickWorkerTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(WorkerRole.Sampler), InlineData(WorkerRole.Scorer)]
    public async Task Run_WhenADeviceFailsEveryCall_QuarantinesItAndLosesNoItem(WorkerRole role)
    {
        var run = FakeRuns.Specification(staleness: 1, rounds: 8, perRound: 12);
        var behaviour = Sick(role, _ => throw new InvalidOperationException("NaN in kernel 7"));
        await using var cluster = await StartAsync(behaviour, role);
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        var end = await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
        Assert.Empty(end.SetAside);
        Assert.Contains(await cluster.EventsAsync("run"), e => e.Contains("is quarantined until", StringComparison.Ordinal) && e.Contains("NaN in kernel 7", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Run_WhenASickDeviceIsMended_ProvesItOnAKnownItemAndGoesOn()
    {
        var run = FakeRuns.Specification(staleness: 1, rounds: 30, perRound: 12);
        var isSick = true;
        var sampled = new ConcurrentQueue<bool>();
        var behaviour = Sick(WorkerRole.Sampler, _ =>
        {
            if (isSick) throw new LibtorchError("CUDA error: an illegal memory access was encountered");
        });
        var work = behaviour.OnSample;
        behaviour.OnSample = (lease, cancellation) =>
        {
            sampled.Enqueue(lease.IsProbe);
            work(lease, cancellation);
        };
        await using var cluster = await StartAsync(behaviour, WorkerRole.Sampler);
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        var view = (await cluster.UntilAsync("run", s => s.Workers.Any(w => w.Quarantine is not null), Token)).Workers.Single(w => w.Quarantine is not null);
        Assert.Equal("cpu:1", view.Report.Worker.Device);
        Assert.Contains("illegal memory access", view.Quarantine!.Reason, StringComparison.Ordinal);
        isSick = false;
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
        Assert.Contains(true, sampled);
        Assert.Contains(await cluster.EventsAsync("run"), e => e.EndsWith("is well again", StringComparison.Ordinal));
    }

    /// <summary>What failed once on the device that is left must not wait for the one that is not.</summary>
    [Theory]
    [InlineData(1, 0), InlineData(int.MaxValue, 1)]
    public async Task Run_WhenAnItemFailsOnTheOnlyWellDevice_IsTriedThereAgainOrGivenUp(int failures, int givenUp)
    {
        var left = failures;
        var behaviour = Sick(WorkerRole.Sampler, _ => throw new LibtorchError("CUDA error: device lost"));
        behaviour.OnSample = (lease, cancellation) =>
        {
            cancellation.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(20));
            if (lease.Id.Item is { Round: 6, Index: 0 } && !lease.IsProbe && left-- > 0) throw new InvalidOperationException("once");
        };
        await using var cluster = await StartAsync(behaviour, WorkerRole.Sampler);
        var run = FakeRuns.Specification(rounds: 8, perRound: 12, maxSetAside: 0.5);
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        var end = await cluster.FinishedAsync("run", Token);
        Assert.Equal(givenUp, end.SetAside.Count);
    }

    [Fact]
    public async Task Run_WhenEveryDeviceOfARoleKeepsFailing_PausesAndSaysWhy()
    {
        var isSick = true;
        var behaviour = new FakeBehaviour
        {
            OnWork = (role, _) =>
            {
                if (isSick && role == WorkerRole.Sampler) throw new LibtorchError("CUDA error: out of memory");
            },
        };
        var run = FakeRuns.Specification(rounds: 4);
        await using var cluster = await PipelineCluster.StartAsync(behaviour, SiloPart.Of(WorkerRole.Trainer, WorkerRole.Scorer), SiloPart.Samplers(2));
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        var paused = await cluster.UntilAsync("run", s => s.Status == RunStatus.Paused, Token);
        Assert.StartsWith("every sampler keeps failing; the last error: LibtorchError: CUDA error: out of memory", paused.Reason, StringComparison.Ordinal);
        Assert.Empty(paused.SetAside);
        isSick = false;
        await cluster.Run("run").ControlAsync(new ControlRun(Protocol.Version, RunAction.Resume), Token);
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
    }

    [Fact]
    public async Task Run_WhenTooMuchOfARoundFails_PausesInsteadOfTrainingOnTheRest()
    {
        var isPoison = true;
        var behaviour = new FakeBehaviour
        {
            OnSample = (lease, _) =>
            {
                if (isPoison && lease.Id.Item is { Round: 1, Index: 1 }) throw new InvalidOperationException("poison");
            },
        };
        var run = FakeRuns.Specification(rounds: 3, maxSetAside: 0.3);
        await using var cluster = await PipelineCluster.StartAsync(behaviour, SiloPart.Of(WorkerRole.Trainer, WorkerRole.Scorer), SiloPart.Samplers(2));
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        var paused = await cluster.UntilAsync("run", s => s.Status == RunStatus.Paused, Token);
        Assert.Equal(1, paused.NextRound);
        Assert.Contains("33", paused.Reason, StringComparison.Ordinal);
        Assert.Contains("pipeline.max_set_aside is 0.3; the last error: InvalidOperationException: poison", paused.Reason, StringComparison.Ordinal);
        isPoison = false;
        await cluster.Run("run").ControlAsync(new ControlRun(Protocol.Version, RunAction.Resume), Token);
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
    }

    [Fact]
    public async Task Run_WhenADeviceHangs_GivesItsItemToAnother()
    {
        var run = FakeRuns.Specification(rounds: 6);
        using var release = new ManualResetEventSlim();
        var isFirst = 1;
        var behaviour = Sick(WorkerRole.Sampler, _ =>
        {
            if (Interlocked.Exchange(ref isFirst, 0) == 1) release.Wait(TimeSpan.FromSeconds(60), CancellationToken.None);
        });
        await using var cluster = await StartAsync(behaviour, WorkerRole.Sampler);
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        var hung = await cluster.UntilAsync("run", s => s.Workers.Any(w => w.Quarantine is not null), Token);
        Assert.Contains("has no result after", hung.Workers.Single(w => w.Quarantine is not null).Quarantine!.Reason, StringComparison.Ordinal);
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
        release.Set();
    }

    /// <summary>Something that the second device of a role does before each piece of its work.</summary>
    static FakeBehaviour Sick(WorkerRole role, Action<string> work) => new()
    {
        OnWork = (r, place) =>
        {
            if (r == role && place.EndsWith("cpu:1", StringComparison.Ordinal)) work(place);
        },
        // An item takes its time: the sick device gets its share of them, and the run outlasts a quarantine.
        OnSample = (_, cancellation) => cancellation.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(20)),
    };

    /// <summary>A cluster with two devices for a role and one for each other.</summary>
    static Task<PipelineCluster> StartAsync(FakeBehaviour behaviour, WorkerRole role) => PipelineCluster.StartAsync(
        behaviour, SiloPart.Of([.. Enum.GetValues<WorkerRole>().Where(r => r != role)]), new SiloPart([role], ["cpu:0", "cpu:1"]));
}
