using System.Collections.Concurrent;
using SpoActors.Grains.Channels;
using SpoActors.Grains.Compute;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Grains.Telemetry;
using SpoActors.Grains.Workers;
using SpoActors.Specification;
using SpoActors.Trainer.Devices;

namespace SpoActors.Grains.Scoring;

/// <summary>Takes pools into a bounded queue, scores them one by one and passes the pairs on to the trainer.</summary>
public sealed class ScorerSession(
    WorkerId id, string run, RunSpecification specification, JoinedRun joined, DeviceExecutor executor, WorkerServices services)
    : WorkerSession(id, run, specification, joined, executor, services)
{
    readonly CreditChannel<CandidatePoolMessage> inbox = PipelineChannels.ToScoring(specification.Pipeline);
    readonly ConcurrentDictionary<(LeaseId Lease, int Segment), TaskCompletionSource<DeliveryOutcome>> here = new();
    readonly ConcurrentDictionary<LeaseId, bool> lost = new();
    IScorerCompute? compute;
    bool isOpen;
    Task passing = Task.CompletedTask;

    protected override (int Depth, long Bytes) Queue => inbox.Used;

    protected override IEnumerable<LeaseId> Held() => here.Keys.Select(k => k.Lease).Distinct();

    protected override void Lose(LeaseId lease) => lost[lease] = true;

    protected override async Task OpenAsync()
    {
        compute = await ComputeAsync(() => Services.Compute.CreateScorer(Specification, Id.Device), Ended).ConfigureAwait(false);
        isOpen = true;
    }

    protected override void Close() => compute?.Dispose();

    /// <summary>Takes a pool over, now or never.</summary>
    public async Task<DeliveryReceipt> AcceptAsync(CandidatePoolMessage pool, CancellationToken cancellation)
    {
        if (!isOpen || Ended.IsCancellationRequested || pool.Lease.Id.Item.Run != Run) return new DeliveryReceipt(DeliveryOutcome.NotServing);
        var key = (pool.Lease.Id, pool.Index);
        var taking = new TaskCompletionSource<DeliveryOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        // It came before, and may be waiting for room still: accepted is what is in the queue, not what would like to be.
        if (here.GetOrAdd(key, taking) is var first && first != taking) return new DeliveryReceipt(await first.Task.WaitAsync(cancellation).ConfigureAwait(false));
        var outcome = DeliveryOutcome.Busy;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Ended, cancellation);
        patience.CancelAfter(RoomPatience);
        try
        {
            await inbox.WriteAsync(pool, pool.Bytes, patience.Token).ConfigureAwait(false);
            outcome = DeliveryOutcome.Accepted;
        }
        catch (OperationCanceledException)
        {
            if (Ended.IsCancellationRequested) outcome = DeliveryOutcome.NotServing;
        }
        finally
        {
            if (outcome != DeliveryOutcome.Accepted) here.TryRemove(key, out _);
            taking.SetResult(outcome);
        }
        return new DeliveryReceipt(outcome);
    }

    protected override async Task WorkAsync()
    {
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(Ended);
        var watching = StopWhenDrainedAsync(idle);
        try
        {
            await inbox.ConsumeAsync(HandleAsync, idle.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!Ended.IsCancellationRequested)
        {
            // Drained.
        }
        await watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await passing.WaitAsync(Ended).ConfigureAwait(false);
    }

    /// <summary>A draining scorer gets no new items, but the pools of those it has been named for still come.</summary>
    async Task StopWhenDrainedAsync(CancellationTokenSource idle)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200), Services.Time);
        while (await timer.WaitForNextTickAsync(Ended).ConfigureAwait(false))
        {
            if (!Draining.IsCancellationRequested || !here.IsEmpty) continue;
            await TryAsync(BeatOnceAsync).ConfigureAwait(false);
            if (Assigned > 0 || !here.IsEmpty) continue;
            await idle.CancelAsync().ConfigureAwait(false);
            return;
        }
    }

    async Task HandleAsync(CandidatePoolMessage pool)
    {
        var key = (pool.Lease.Id, pool.Index);
        try
        {
            if (lost.ContainsKey(pool.Lease.Id)) return;
            using var span = PipelineDiagnostics.Scoring(pool.Lease, pool.Index);
            var scored = await ComputeAsync(() => compute!.Score(pool), Ended).ConfigureAwait(false);
            CountDone(1);
            Services.Instruments.OnScored(Id, scored);
            // One delivery runs while the next pool is scored.
            await passing.ConfigureAwait(false);
            passing = PassOnAsync(scored);
        }
        catch (Exception e) when (!Ended.IsCancellationRequested)
        {
            here.TryRemove(key, out _);
            await FailAsync(pool.Lease.Id, FailureKind.Item, e).ConfigureAwait(false);
        }
        finally
        {
            if (lost.ContainsKey(pool.Lease.Id)) here.TryRemove(key, out _);
        }
    }

    async Task PassOnAsync(ScoredPoolMessage scored)
    {
        try
        {
            var trainer = Services.Grains.GetGrain<ITrainerGrain>(scored.Lease.Trainer.GrainKey);
            var outcome = DeliveryOutcome.Busy;
            while (outcome == DeliveryOutcome.Busy)
                outcome = (await WaitForAsync("trainer", Services.Calls.RetryAsync(token => trainer.DeliverAsync(scored, token), Ended)).ConfigureAwait(false)).Outcome;
            if (outcome != DeliveryOutcome.Accepted) throw new PipelineException($"{scored.Lease.Trainer} doesn't train the run under epoch {scored.Lease.TrainerEpoch}");
            Services.Instruments.OnSent(Id, scored.Bytes);
        }
        catch (Exception e) when (!Ended.IsCancellationRequested)
        {
            await FailAsync(scored.Lease.Id, FailureKind.Infrastructure, e).ConfigureAwait(false);
        }
        finally
        {
            here.TryRemove((scored.Lease.Id, scored.Index), out _);
        }
    }
}
