using SpoActors.Grains.Adapters;
using SpoActors.Grains.Channels;
using SpoActors.Grains.Compute;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Grains.Resilience;
using SpoActors.Grains.Telemetry;
using SpoActors.Grains.Workers;
using SpoActors.Specification;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Storage;

namespace SpoActors.Grains.Training;

/// <summary>
/// Owns a run under an epoch: gathers scored pools, trains round after round, publishes each adapter and commits.
/// <code>
/// claim epoch ──► load, go back to the last manifest ──► ready ──► await round ──► train ──► store adapter ──► commit? ──► round trained
///                                                                     ▲───────────────────────────────────────────────────────┘
/// </code>
/// </summary>
public sealed class TrainerSession(
    WorkerId id, string run, RunSpecification specification, JoinedRun joined, DeviceExecutor executor, WorkerServices services)
    : WorkerSession(id, run, specification, joined, executor, services)
{
    /// <summary>What a silo that is stopped waits for the run's leave to commit.</summary>
    static readonly TimeSpan PatienceAtTheEnd = TimeSpan.FromSeconds(10);

    readonly RunFacts facts = new(
        Path.Combine(services.Options.RunsFolder ?? specification.Output, run), joined.RoundCount, joined.PromptCount, joined.PromptsHash, joined.EvaluationPrompts);
    readonly CreditChannel<ScoredPoolMessage> inbox = PipelineChannels.ToTraining(specification.Pipeline);
    readonly RoundAssembly assembly = new();
    readonly SemaphoreSlim syncing = new(1);
    ITrainerCompute? compute;
    AdapterStore? store;
    HeldFolder? held;
    TrainerEpoch? epoch;
    string? refusal;
    int nextRound, committedRound;
    ConsumedTotals totals = new(0, "");
    bool isReady;

    protected override (int Depth, long Bytes) Queue => (inbox.Used.Count + assembly.Held.Count, inbox.Used.Bytes + assembly.Held.Bytes);

    protected override TrainerEpoch? TrainerEpoch => epoch;

    /// <summary>That of this trainer, which has claimed the run.</summary>
    TrainerEpoch Epoch => epoch!.Value;

    /// <summary>Rounds that are not committed wait for the end of the one in training, which is the next moment to commit.</summary>
    public override bool MayBeCut => nextRound == committedRound;

    protected override async Task<bool> EnterAsync()
    {
        FolderCommit? commit;
        try
        {
            commit = Services.Compute.LastCommit(Specification, facts.Folder);
        }
        catch (Exception e)
        {
            refusal = ErrorText.Of(e);
            return true;
        }
        var claimed = await Services.Calls.OnceAsync(token => RunGrain.ClaimTrainerAsync(new TrainerClaim(Id, commit), token), Ended).ConfigureAwait(false);
        epoch = claimed.Epoch;
        if (claimed.IsTheFolders) refusal = $"'{facts.Folder}' {claimed.Reason}";
        return epoch is not null || refusal is not null;
    }

    protected override async Task OpenAsync()
    {
        if (refusal is not null) throw new PipelineException(refusal);
        Directory.CreateDirectory(facts.Folder);
        if (Services.Options.HoldsRunFolders) held = HeldFolder.Share(facts.Folder, Joined.Identity);
        store = new AdapterStore(Path.Combine(facts.Folder, AdapterStore.FolderName), Epoch);
        store.RemoveDamaged();
        compute = await ComputeAsync(() => Services.Compute.CreateTrainer(Specification, Id.Device, facts with { Ended = Ended }), Ended).ConfigureAwait(false);
        (nextRound, committedRound, totals) = (compute.NextRound, compute.NextRound, compute.Totals);
        assembly.Forget(nextRound);
        var adapter = await ComputeAsync(compute.ExportAdapter, Ended).ConfigureAwait(false);
        store.Put(nextRound, adapter);
        isReady = true;
        await SyncAsync().ConfigureAwait(false);
    }

    protected override void Close()
    {
        compute?.Dispose();
        held?.Dispose();
    }

    protected override void Dispose(bool disposing)
    {
        syncing.Dispose();
        base.Dispose(disposing);
    }

    protected override async Task WorkAsync()
    {
        using var closing = CancellationTokenSource.CreateLinkedTokenSource(Ended);
        var gathering = inbox.ConsumeAsync(GatherAsync, closing.Token);
        try
        {
            await TrainAllAsync().ConfigureAwait(false);
        }
        finally
        {
            await closing.CancelAsync().ConfigureAwait(false);
            await gathering.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    async Task TrainAllAsync()
    {
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(Ended, Draining);
        while (!idle.IsCancellationRequested)
        {
            if (await NextAsync(idle.Token).ConfigureAwait(false) is not { } response) break;
            await OnStandingAsync(response.Reply.Standing).ConfigureAwait(false);
            Ended.ThrowIfCancellationRequested();
            if (response.Reply.Status == RunStatus.Finished) return;
            if (response.Work is { } work) await TrainAsync(work).ConfigureAwait(false);
        }
        if (nextRound > committedRound) await CommitLastAsync(finished: false).ConfigureAwait(false);
        await TryAsync(() => Services.Calls.RetryAsync(token => RunGrain.TrainerLeftAsync(new TrainerLeft(Epoch, new CommittedRound(committedRound, totals.Digest)), token), Ended)).ConfigureAwait(false);
    }

    /// <summary>Null when the worker drains: waiting changes nothing, so it may end at any moment.</summary>
    async Task<RoundResponse?> NextAsync(CancellationToken idle)
    {
        var request = new RoundRequest(Epoch, nextRound);
        try
        {
            return await WaitForAsync("pairs", Services.Calls.RetryAsync(token => RunGrain.AwaitRoundAsync(request, token), idle)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (idle.IsCancellationRequested)
        {
            Ended.ThrowIfCancellationRequested();
            return null;
        }
    }

    /// <summary>Takes a scored pool over: it is in the queue, or the scorer is told to try again.</summary>
    public async Task<DeliveryReceipt> AcceptAsync(ScoredPoolMessage pool, CancellationToken cancellation)
    {
        if (!isReady || Ended.IsCancellationRequested || pool.Lease.Id.Item.Run != Run || pool.Lease.TrainerEpoch != epoch)
            return new DeliveryReceipt(DeliveryOutcome.NotServing);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ended, cancellation);
        patience.CancelAfter(RoomPatience);
        try
        {
            await inbox.WriteAsync(pool, pool.Bytes, patience.Token).ConfigureAwait(false);
            return new DeliveryReceipt(DeliveryOutcome.Accepted);
        }
        catch (OperationCanceledException)
        {
            return new DeliveryReceipt(Ended.IsCancellationRequested ? DeliveryOutcome.NotServing : DeliveryOutcome.Busy);
        }
    }

    /// <summary>Puts a pool into its item; what is late or came twice is dropped.</summary>
    async Task GatherAsync(ScoredPoolMessage pool)
    {
        var addition = assembly.Add(pool);
        if (!addition.IsNew) Services.Instruments.OnDuplicateDropped(Run);
        // Told again with every late pool: should the run have lost it, nobody else can bring the item to its end.
        if (addition.Complete is { } lease)
            await TryAsync(async () =>
            {
                var reply = await Services.Calls.RetryAsync(token => RunGrain.ItemScoredAsync(new ItemScored(Epoch, lease), token), Ended).ConfigureAwait(false);
                await OnStandingAsync(reply.Standing).ConfigureAwait(false);
            }).ConfigureAwait(false);
    }

    /// <summary>Part of an adapter.</summary>
    public AdapterChunk Read(AdapterChunkRequest request) =>
        store is not null && request.Run == Run
            ? new AdapterChunk(store.ReadChunk(request.Hash, request.Offset))
            : throw new PipelineException($"{Id} does not train run '{request.Run}'");

    async Task TrainAsync(RoundWork work)
    {
        var pools = assembly.Pools(work.Items);
        Freshness.Ensure(nextRound, Specification.Pipeline.Staleness, work, pools);
        var round = nextRound;
        using var span = PipelineDiagnostics.Training(Run, round, pools.Select(p => p.Lease));
        var before = totals.Pairs;
        var metrics = await ComputeAsync(() => compute!.TrainRound(round, work.Prompts, [.. pools.InOrder()], Ended), Ended).ConfigureAwait(false);
        totals = compute!.Totals;
        CountDone(totals.Pairs - before);
        try
        {
            await PublishAsync(work, metrics).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (Ended.IsCancellationRequested && committedRound <= round)
        {
            // Interrupted as it ended: the round is complete, and nobody shall compute it again.
            nextRound = round + 1;
            await CommitLastAsync(finished: nextRound == work.RoundCount).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Announces the adapter of a round that was trained on, and commits it where that is due.</summary>
    async Task PublishAsync(RoundWork work, string metrics)
    {
        var publishing = Services.Time.GetTimestamp();
        var adapter = store!.Put(nextRound + 1, await ComputeAsync(compute!.ExportAdapter, Ended).ConfigureAwait(false));
        nextRound++;
        var finished = nextRound == work.RoundCount;
        var commits = nextRound % Specification.Checkpoints.Every == 0 || finished;
        if (commits) await CommitAsync(finished, Ended).ConfigureAwait(false);
        var trained = new RoundTrained(Epoch, nextRound, adapter, totals, metrics, commits);
        // Not answered while it is out of step: the ledger is told again where this trainer stands, which says the same.
        var reply = await Services.Calls.RetryAsync(token => RunGrain.RoundTrainedAsync(trained, token), Ended).ConfigureAwait(false);
        assembly.Forget(nextRound);
        store.Prune(Math.Min(committedRound, nextRound) - Specification.Pipeline.Staleness);
        await OnStandingAsync(reply.Standing).ConfigureAwait(false);
        Services.Instruments.OnPublished(Run, Services.Time.GetElapsedTime(publishing));
    }

    /// <summary>Commits what is complete, though the run may be over for this trainer.</summary>
    async Task CommitLastAsync(bool finished)
    {
        using var patience = new CancellationTokenSource(PatienceAtTheEnd, Services.Time);
        await CommitAsync(finished, patience.Token).ConfigureAwait(false);
    }

    /// <summary>Commits, unless another trainer has taken the run over.</summary>
    async Task CommitAsync(bool finished, CancellationToken cancellation)
    {
        var reply = await Services.Calls.RetryAsync(token => RunGrain.AuthoriseCommitAsync(new CommitRequest(Epoch, nextRound), token), cancellation).ConfigureAwait(false);
        if (!Ended.IsCancellationRequested) await OnStandingAsync(reply.Standing).ConfigureAwait(false);
        if (reply.Standing == TrainerStanding.Superseded) throw new OperationCanceledException(Ended);
        cancellation.ThrowIfCancellationRequested();
        await ComputeAsync(() =>
        {
            compute!.Commit(Epoch, finished);
            return true;
        }, cancellation).ConfigureAwait(false);
        committedRound = nextRound;
    }

    protected override async Task OnStandingAsync(TrainerStanding standing)
    {
        if (standing == TrainerStanding.Superseded) await EndAsync().ConfigureAwait(false);
        else if (standing == TrainerStanding.NeedsSync && isReady) await SyncAsync().ConfigureAwait(false);
    }

    /// <summary>Tells the run where this trainer stands.</summary>
    async Task SyncAsync()
    {
        await syncing.WaitAsync(Ended).ConfigureAwait(false);
        try
        {
            var (round, oldest) = (nextRound, Math.Max(0, nextRound - Specification.Pipeline.Staleness));
            var adapters = store!.List(oldest).Where(a => a.Version <= round).ToArray();
            if (adapters.Length != round - oldest + 1)
                throw new RunStateException($"'{facts.Folder}' lacks adapter versions between {oldest} and {round}, or they are damaged; restore its {AdapterStore.FolderName} folder, or start a new run.");
            var ready = new TrainerReady(Id, Epoch, round, totals, adapters, [.. assembly.Complete().Where(l => l.Item.Round >= round)], compute!.LastMetrics);
            var reply = await Services.Calls.RetryAsync(token => RunGrain.TrainerReadyAsync(ready, token), Ended).ConfigureAwait(false);
            if (reply.Standing == TrainerStanding.Superseded) await EndAsync().ConfigureAwait(false);
        }
        finally
        {
            syncing.Release();
        }
    }
}
