using System.Globalization;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Storage;
using SpoActors.Grains.Health;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Ledger;
using SpoActors.Grains.Placement;
using SpoActors.Grains.Telemetry;

namespace SpoActors.Grains.Runs;

/// <summary>
/// A run. Its decisions are the ledger's; the grain adds time, workers and what must be durable. Calls interleave, so that many may wait
/// at once: between two awaits state is always consistent, and writes queue up behind one lock.
/// </summary>
/// <remarks>Split by caller: this part holds state, time and storage; .Clients, .Workers and .Trainer the contracts, .Health
/// and .Catalogue what the run makes of its workers and tells the list of runs.</remarks>
[Reentrant, KeepAlive]
public sealed partial class RunGrain : Grain, IRunGrain, IDisposable
{
    /// <summary>Name of the storage provider of all grains here.</summary>
    public const string StorageName = "spo";

    /// <summary>How long a call waits for something to happen; below the time-out of a call.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    readonly IPersistentState<RunState> state;
    readonly IPersistentState<RunPrompts> prompts;
    readonly IPersistentState<RunEvents> history;
    readonly TimeProvider time;
    readonly SiloNames silos;
    readonly PipelineInstruments instruments;
    readonly ILogger<RunGrain> logger;
    readonly Signal signal, work;
    readonly SemaphoreSlim writing = new(1);
    readonly SortedDictionary<int, AdapterReference> adapters = [];
    RunPlan? plan;
    RunLedger? ledger;
    EventLog events = new(TimeProvider.System, new RunEvents());
    WorkerTable workers = new(TimeSpan.MaxValue);
    readonly WorkerHealth health;
    DateTimeOffset trainerHeard;
    bool isUnsaved;
    string obstacle = "";

    public RunGrain(
        [PersistentState("run", StorageName)] IPersistentState<RunState> state,
        [PersistentState("prompts", StorageName)] IPersistentState<RunPrompts> prompts,
        [PersistentState("events", StorageName)] IPersistentState<RunEvents> history,
        TimeProvider time, SiloNames silos, SiloStopping stopping, HealthOptions healthOptions, PipelineInstruments instruments, ILogger<RunGrain> logger)
    {
        (this.state, this.prompts, this.history, this.time, this.silos, this.instruments, this.logger) = (state, prompts, history, time, silos, instruments, logger);
        health = new WorkerHealth(healthOptions);
        (signal, work) = (new Signal(time, stopping.Token), new Signal(time, stopping.Token));
    }

    string Id => this.GetPrimaryKeyString();

    DateTimeOffset Now => time.GetUtcNow();

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        // Not before: what is stored has been read only now.
        events = new EventLog(time, history.State);
        if (state.State.Specification.Length > 0) Open();
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (!events.IsUnsaved) return;
        try
        {
            await StoreAsync(StoreEventsAsync);
        }
        catch (Exception)
        {
            // It has been logged. Nobody has seen these events, and another activation may be in charge already.
        }
    }

    /// <summary>Takes up a run whose specification is known.</summary>
    void Open()
    {
        plan = new RunPlan(state.State.Specification, Unpack(prompts.State.Prompts!));
        workers = new WorkerTable(plan.Options.LeaseDuration);
        // The trainer of before, if it lives, gets a lease's time to be heard before another may take over.
        trainerHeard = Now;
        var period = TimeSpan.FromSeconds(Math.Clamp(plan.Options.LeaseDuration.TotalSeconds / 4, 0.05, 1));
        RecordSoon();
        LookAround();
        this.RegisterGrainTimer(TickAsync, new GrainTimerCreationOptions(period, period) { KeepAlive = true, Interleave = true });
    }

    /// <summary>Ends leases nobody renews, and forgets workers that are gone.</summary>
    async Task TickAsync(CancellationToken cancellation)
    {
        if (ledger is not null)
        {
            foreach (var lease in ledger.Overdue(Now)) Lose(lease, "its lease ran out");
            AccuseTheHung(ledger);
        }
        foreach (var worker in workers.Silent(Now).Concat(workers.Ids.Where(w => silos.IsDead(w.Silo))).Distinct().ToArray())
            Forget(worker, "it is silent, or its silo is gone");
        workers.ForgetProblems(w => silos.IsDead(w.Silo));
        if (obstacle != (obstacle = Obstacle()) && obstacle.Length > 0) events.Add("status", obstacle);
        if (ledger is not null && state.State.Status == RunStatus.Running) instruments.OnLedger(Id, ledger);
        else instruments.OnLedgerGone(Id);
        LookAround();
        if (isUnsaved) await SaveAsync();
        else RecordSoon();
        if (events.IsUnsaved) await StoreAsync(StoreEventsAsync);
    }

    string Obstacle() => state.State.Status switch
    {
        RunStatus.Running when ledger is null && workers.Able(WorkerRole.Trainer).Count > 0 => "waiting for the trainer to take the run up",
        RunStatus.Running => workers.Obstacle(cluster, health, Now),
        _ => state.State.Reason,
    };

    void Forget(WorkerId worker, string reason)
    {
        if (!workers.Remove(worker)) return;
        events.Add("worker", $"{worker} is gone: {reason}");
        LogWorkerGone(Id, worker, reason);
        Release(worker);
        Pulse();
    }

    /// <summary>A worker has left in good order, which is no failure: what it sampled and passed on is still being scored.</summary>
    void Part(WorkerId worker, IReadOnlyList<LeaseId> unfinished)
    {
        if (!workers.Remove(worker)) return;
        events.Add("worker", $"{worker} left");
        LogWorkerLeft(Id, worker);
        foreach (var lease in worker.Role == WorkerRole.Sampler ? unfinished : ledger?.LeasesOf(worker) ?? [])
            if (ledger?.Return(lease) == true) events.Add("lease", $"{lease.Item} goes back: {worker} left");
        Pulse();
    }

    /// <summary>Gives a worker's items to others.</summary>
    void Release(WorkerId worker)
    {
        if (ledger is null) return;
        foreach (var lease in ledger.LeasesOf(worker)) Lose(lease, $"{worker} is gone");
    }

    void Lose(LeaseId lease, string reason)
    {
        var isPoison = ledger!.Lost(lease, reason);
        instruments.OnLeaseLost(Id);
        events.Add("lease", $"{lease.Item} (lease {lease.Epoch:x}) goes to another worker: {reason}");
        LogLeaseLost(lease.Item, lease.Epoch, reason);
        AfterFailure(lease.Item, isPoison, reason);
    }

    void AfterFailure(ItemId item, bool isPoison, string error)
    {
        if (isPoison)
        {
            state.State.SetAside[item] = error;
            isUnsaved = true;
            events.Add("failure", $"{item} is set aside: {error}");
            LogSetAside(item, error);
            var share = ledger!.SetAsideShare(item.Round);
            if (share > plan!.Options.MaxSetAside || share == 1)
                Pause(string.Create(CultureInfo.InvariantCulture,
                    $"{share:P0} of the items of round {item.Round} were set aside, and pipeline.max_set_aside is {plan.Options.MaxSetAside}; the last error: {error}. `spo resume {Id}` tries them again"));
        }
        Pulse();
    }

    /// <summary>Something has changed. Samplers that wait are woken only where there is something to sample: there may be hundreds.</summary>
    void Pulse()
    {
        signal.Pulse();
        if (ledger is { PendingCount: > 0 }) work.Pulse();
    }

    /// <summary>Has the run wait for a person; durable with the next tick.</summary>
    void Pause(string reason)
    {
        if (state.State.Status != RunStatus.Running) return;
        (state.State.Status, state.State.Reason, isUnsaved) = (RunStatus.Paused, reason, true);
        events.Add("status", reason);
    }

    RunPlan RequirePlan() => plan ?? throw new PipelineException($"there is no run '{Id}'; `spo list` shows the runs", PipelineFault.NoSuchRun);

    /// <summary>Writes the state. The catalogue hears of it beside: one that does not answer holds up nothing but the list of runs.</summary>
    async Task SaveAsync()
    {
        await WriteAsync();
        RecordSoon();
    }

    /// <summary>Writes the state, with the events that led to it; fails if another activation has written since.</summary>
    Task WriteAsync() => StoreAsync(async () =>
    {
        isUnsaved = false;
        if (events.IsUnsaved) await StoreEventsAsync();
        await state.WriteStateAsync();
    });

    async Task StoreEventsAsync()
    {
        var last = events.Last;
        await history.WriteStateAsync();
        events.OnStored(last);
        Pulse();
    }

    /// <summary>One write at a time.</summary>
    async Task StoreAsync(Func<Task> write)
    {
        await writing.WaitAsync();
        try
        {
            await write();
        }
        catch (Exception e)
        {
            isUnsaved = true;
            LogNotSaved(e, Id);
            if (e is InconsistentStateException) DeactivateOnIdle();
            throw;
        }
        finally
        {
            writing.Release();
        }
    }

    public void Dispose()
    {
        instruments.OnLedgerGone(Id);
        writing.Dispose();
    }
}
