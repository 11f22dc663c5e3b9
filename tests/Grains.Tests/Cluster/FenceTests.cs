using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Grains.Tests.Fakes;
using SpoActors.Trainer.Storage;

namespace SpoActors.Grains.Tests.Cluster;

/// <summary>Who may train a run, from which folder, and what nobody may undo.</summary>
public sealed class FenceTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Trainer_WhenItsFolderIsEmpty_IsRefusedWithTheFixUntilAPersonAllowsIt()
    {
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.All);
        var run = FakeRuns.Specification(rounds: 6);
        await StopAtAsync(cluster, run, round: 3);
        var epoch = (await cluster.SnapshotAsync("run")).TrainerEpoch;
        File.Delete(Path.Combine(cluster.FolderOf("run"), "manifest.json"));

        await ControlAsync(cluster, RunAction.Resume);
        var refused = await cluster.UntilAsync("run", s => s.Reason.Contains("holds no commit", StringComparison.Ordinal), Token);
        Assert.Contains($"'{cluster.FolderOf("run")}' holds no commit, the run to round {refused.NextRound} (", refused.Reason, StringComparison.Ordinal);
        Assert.Contains("`spo resume run --allow-regression`", refused.Reason, StringComparison.Ordinal);
        Assert.Equal((RunStatus.Running, epoch), (refused.Status, refused.TrainerEpoch));

        await ControlAsync(cluster, RunAction.Resume, allowRegression: true);
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
        Assert.Contains(await cluster.EventsAsync("run"), e => e.Contains("goes back to round 0, as was allowed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Trainer_WhenItsFolderHoldsAnotherCommitOfThatRound_IsRefused()
    {
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.All);
        await StopAtAsync(cluster, FakeRuns.Specification(rounds: 6), round: 3);
        var digest = (await cluster.SnapshotAsync("run")).Totals.Digest;
        await File.WriteAllTextAsync(Path.Combine(cluster.FolderOf("run"), "manifest.json"), cluster.Manifest("run").Replace(digest, new string('0', 64), StringComparison.Ordinal), Token);
        await ControlAsync(cluster, RunAction.Resume);
        var refused = await cluster.UntilAsync("run", s => s.Reason.Contains("holds another commit of round", StringComparison.Ordinal), Token);
        Assert.Contains(digest, refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commit_WhenTheStorageLostTheClaimAndAnotherHasItsNumber_IsAllowedToOneOfThem()
    {
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.Of(WorkerRole.Scorer));
        await cluster.StartRunAsync("run", FakeRuns.Specification(), FakeRuns.Prompts());
        var run = cluster.Run("run");
        var before = cluster.Storage.Copy();
        var first = (await run.ClaimTrainerAsync(new TrainerClaim(Worker("Silo_8"), null), Token)).Epoch!.Value;
        cluster.Storage.Restore(before);
        // The activation that remembers the claim finds the storage changed under it, and goes.
        await Assert.ThrowsAnyAsync<Exception>(() => run.AuthoriseCommitAsync(new CommitRequest(first, 1), Token));
        await cluster.UntilAsync("run", s => s.TrainerEpoch == 0, Token);
        var second = (await run.ClaimTrainerAsync(new TrainerClaim(Worker("Silo_9"), null), Token)).Epoch!.Value;

        Assert.Equal(first.Number, second.Number);
        Assert.Equal(TrainerStanding.Superseded, (await run.AuthoriseCommitAsync(new CommitRequest(first, 1), Token)).Standing);
        Assert.NotEqual(TrainerStanding.Superseded, (await run.AuthoriseCommitAsync(new CommitRequest(second, 1), Token)).Standing);
    }

    [Fact]
    public async Task Folder_AsLongAsASiloTrainsInIt_IsHeldAgainstOthers()
    {
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.All);
        using var gate = new Gate();
        cluster.Behaviour.OnTrain = (_, cancellation) => gate.Pass(cancellation);
        var run = FakeRuns.Specification(rounds: 2);
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        await cluster.UntilAsync("run", s => s.Items.Scored == 3, Token);
        var error = Assert.Throws<RunStateException>(() => HeldFolder.Open(cluster.FolderOf("run"), resume: true));
        Assert.Contains("is in use by another process", error.Message, StringComparison.Ordinal);
        gate.Open();
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
    }

    [Fact]
    public async Task Trainer_WhenAnotherProcessHoldsTheFolder_WaitsSaysSoAndGoesOnAfterIt()
    {
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.All);
        var run = FakeRuns.Specification(rounds: 2);
        using (HeldFolder.Open(cluster.FolderOf("run"), resume: true))
        {
            await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
            await cluster.UntilAsync("run", s => s.Reason.Contains("is in use by another process", StringComparison.Ordinal), Token);
        }
        await cluster.AssertEndsLikeTheSequentialLoopAsync(run);
    }

    [Fact]
    public async Task Accusation_ByOneSampler_LeavesTheLeasesOfOthersAlone()
    {
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.Of());
        var (run, epoch) = await DispatchingAsync(cluster);
        var (one, other) = (Worker("Silo_8", WorkerRole.Sampler), Worker("Silo_9", WorkerRole.Sampler));
        var mine = (await run.LeaseAsync(new LeaseRequest(one, 1), Token)).Lease!;
        var theirs = (await run.LeaseAsync(new LeaseRequest(other, 1), Token)).Lease!;
        Assert.Equal(mine.Scorer, theirs.Scorer);

        await run.FailAsync(new ItemFailure(mine.Id, one, FailureKind.Infrastructure, "no answer", mine.Scorer), Token);
        Assert.Equal(1, (await cluster.SnapshotAsync("run")).Items.Leased);
        await run.FailAsync(new ItemFailure(theirs.Id, other, FailureKind.Infrastructure, "no answer", mine.Scorer), Token);
        Assert.DoesNotContain((await cluster.SnapshotAsync("run")).Workers, w => w.Report.Worker == mine.Scorer);
        Assert.Equal(1, epoch.Number);
    }

    [Fact]
    public async Task Delivery_ComingAgainWhileTheFirstWaitsForRoom_IsAcceptedOnlyWithIt()
    {
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.Of(WorkerRole.Scorer));
        using var gate = new Gate();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Behaviour.OnScore = _ =>
        {
            begun.TrySetResult();
            gate.Pass(Token);
        };
        var specification = FakeRuns.Specification(poolCapacity: 1);
        await cluster.StartRunAsync("run", specification, FakeRuns.Prompts());
        var scorer = (await cluster.UntilAsync("run", s => s.Workers.Any(w => w.Report.IsReady), Token)).Workers[0].Report.Worker;
        var pools = new List<CandidatePoolMessage>();
        using var sampler = new FakeSampler(specification, cluster.Behaviour);
        sampler.Sample(
            new ItemLease(new LeaseId(new ItemId("run", 0, 0), 1), new AdapterReference(0, "", 0), [0, 1], ["a", "b"], [0, 1], scorer, Worker("Silo_9"), default, TimeSpan.FromSeconds(60)),
            pools.Add, Token);
        var grain = cluster.Inner.Client.GetGrain<IScorerGrain>(scorer.GrainKey);
        Assert.Equal(DeliveryOutcome.Accepted, (await grain.DeliverAsync(pools[0], Token)).Outcome);
        await begun.Task.WaitAsync(Token);

        // There is room for one, which is being scored.
        var twice = await Task.WhenAll(grain.DeliverAsync(pools[1], Token), grain.DeliverAsync(pools[1], Token));
        Assert.All(twice, receipt => Assert.Equal(DeliveryOutcome.Busy, receipt.Outcome));
    }

    /// <summary>A run that gives out items, with a trainer and a scorer that are only said to be there.</summary>
    static async Task<(IRunGrain Run, TrainerEpoch Epoch)> DispatchingAsync(PipelineCluster cluster)
    {
        var specification = FakeRuns.Specification();
        await cluster.StartRunAsync("run", specification with { Pipeline = specification.Pipeline with { LeaseSeconds = 60 } }, FakeRuns.Prompts());
        var run = cluster.Run("run");
        var trainer = Worker("Silo_7");
        var epoch = (await run.ClaimTrainerAsync(new TrainerClaim(trainer, null), Token)).Epoch!.Value;
        await run.TrainerReadyAsync(new TrainerReady(trainer, epoch, 0, new ConsumedTotals(0, ""), [new AdapterReference(0, new string('a', 64), 1)], [], null), Token);
        foreach (var worker in new[] { Worker("Silo_6", WorkerRole.Scorer), Worker("Silo_8", WorkerRole.Sampler), Worker("Silo_9", WorkerRole.Sampler) })
            await run.ReportAsync(new WorkerReport(worker, [], new WorkerLoad(0, 0, 0, 0, 0), null, null, false, null, true), Token);
        return (run, epoch);
    }

    static async Task StopAtAsync(PipelineCluster cluster, Specification.RunSpecification run, int round)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cluster.Behaviour.OnTrain = (trained, cancellation) =>
        {
            if (trained != round || !reached.TrySetResult()) return;
            cancellation.WaitHandle.WaitOne();
        };
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        await reached.Task.WaitAsync(Token);
        await ControlAsync(cluster, RunAction.Cancel);
        await cluster.UntilAsync("run", s => s.Workers.Count == 0, Token);
    }

    static Task ControlAsync(PipelineCluster cluster, RunAction action, bool allowRegression = false) =>
        cluster.Run("run").ControlAsync(new ControlRun(Protocol.Version, action, allowRegression), Token);

    static WorkerId Worker(string silo, WorkerRole role = WorkerRole.Trainer) => new(silo, "cpu:9", role);
}
