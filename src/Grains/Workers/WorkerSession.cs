using Microsoft.Extensions.Logging;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Grains.Resilience;
using SpoActors.Specification;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Storage;

namespace SpoActors.Grains.Workers;

/// <summary>A worker's time with one run: loads what it needs, works, sends heartbeats, and leaves nothing behind.</summary>
/// <param name="id">The worker.</param>
/// <param name="run">Id of the run.</param>
/// <param name="specification">Its specification.</param>
/// <param name="joined">What the run said when the worker joined.</param>
/// <param name="executor">The device's thread.</param>
/// <param name="services">The silo's.</param>
public abstract partial class WorkerSession(
    WorkerId id, string run, RunSpecification specification, JoinedRun joined, DeviceExecutor executor, WorkerServices services) : IDisposable
{
    /// <summary>How long a delivery waits for room before whoever delivers is told to try again; below the time-out of a call.</summary>
    protected static readonly TimeSpan RoomPatience = TimeSpan.FromSeconds(5);

    static readonly TimeSpan RetryAfterSilence = TimeSpan.FromSeconds(1);

    readonly CancellationTokenSource ended = new(), leaving = new();
    readonly BusyMeter meter = new(services.Time);
    readonly ILogger logger = services.Logging.CreateLogger("SpoActors.Worker");
    bool isReady;
    IReadOnlyDictionary<LeaseId, CancellationTokenSource> held = new Dictionary<LeaseId, CancellationTokenSource>();

    public WorkerId Id => id;

    protected string Run => run;

    protected RunSpecification Specification => specification;

    protected JoinedRun Joined => joined;

    protected WorkerServices Services => services;

    protected IRunGrain RunGrain { get; } = services.Grains.GetGrain<IRunGrain>(run);

    /// <summary>The run is over for this worker.</summary>
    protected CancellationToken Ended { get; private set; }

    /// <summary>The silo shuts down, the run pauses, gives the worker up, or has other settings: finish what was begun.</summary>
    protected CancellationToken Draining { get; private set; }

    /// <summary>Why the worker takes no work.</summary>
    protected string? Problem { get; set; }

    /// <summary>Items whose pools may still come.</summary>
    protected int Assigned { get; private set; } = int.MaxValue;

    /// <summary>Serves the run until it ends, the worker drains, or something is wrong.</summary>
    /// <returns>Whether the run had work for this worker.</returns>
    public async Task<bool> ServeAsync(CancellationToken draining, CancellationToken stopping)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(draining, leaving.Token);
        (Draining, Ended) = (either.Token, ended.Token);
        using var stop = stopping.UnsafeRegister(_ => ended.Cancel(), null);
        if (!await EnterAsync().ConfigureAwait(false)) return false;
        LogServing(id, run);
        var beating = BeatAsync();
        try
        {
            await OpenAsync().ConfigureAwait(false);
            isReady = true;
            await BeatOnceAsync().ConfigureAwait(false);
            await WorkAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (Ended.IsCancellationRequested)
        {
            // The end of the run, of the lease on it, or of the silo.
        }
        catch (DivergedException e)
        {
            // Whoever resumes the run finds it as it was committed.
            await DivergeAsync(e).ConfigureAwait(false);
        }
        catch (Exception e) when (Calls.IsOfTheNetwork(e))
        {
            // Nothing is wrong with this worker: it begins again as soon as the run answers.
            LogCallFailed(id, run, ErrorText.Of(e));
            await PauseAsync(RetryAfterSilence, draining).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Problem = ErrorText.Of(e);
            LogProblem(e, id, run);
            await TryAsync(BeatOnceAsync).ConfigureAwait(false);
            await PauseAsync(services.Options.RetryAfterProblem, draining).ConfigureAwait(false);
        }
        finally
        {
            await ended.CancelAsync().ConfigureAwait(false);
            await beating.ConfigureAwait(false);
            await executor.RunAsync(Close, CancellationToken.None).ConfigureAwait(false);
            await TryAsync(() => services.Calls.OnceAsync(token => RunGrain.LeaveAsync(new WorkerLeft(id, [.. Held()]), token), CancellationToken.None)).ConfigureAwait(false);
            LogLeft(id, run);
        }
        return true;
    }

    async Task PauseAsync(TimeSpan length, CancellationToken draining)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(Ended, draining);
        await Task.Delay(length, services.Time, waiting.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Whether there is something to do for this worker at all.</summary>
    protected virtual Task<bool> EnterAsync() => Task.FromResult(true);

    /// <summary>Loads.</summary>
    protected abstract Task OpenAsync();

    /// <summary>Works until the run ends or the worker drains.</summary>
    protected abstract Task WorkAsync();

    /// <summary>Frees what was loaded; on the device's thread.</summary>
    protected abstract void Close();

    /// <summary>What waits in front of the worker.</summary>
    protected abstract (int Depth, long Bytes) Queue { get; }

    protected virtual int? AdapterVersion => null;

    protected virtual TrainerEpoch? TrainerEpoch => null;

    /// <summary>Where the worker stands now.</summary>
    public WorkerReport Report() => new(id, [.. Held()], meter.Read(Queue.Depth, Queue.Bytes), AdapterVersion, TrainerEpoch, Draining.IsCancellationRequested, Problem, isReady);

    /// <summary>Leases of which the worker holds a part.</summary>
    protected virtual IEnumerable<LeaseId> Held() => held.Keys;

    /// <summary>Whether the session may be ended at once without a loss that its end could prevent.</summary>
    public virtual bool MayBeCut => true;

    /// <summary>A lease is no longer valid.</summary>
    protected virtual void Lose(LeaseId lease)
    {
        if (!held.TryGetValue(lease, out var cancellation)) return;
        try
        {
            cancellation.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It was just done.
        }
    }

    /// <summary>The run has another trainer.</summary>
    protected virtual Task OnStandingAsync(TrainerStanding standing) => Task.CompletedTask;

    /// <summary>Lets a lease be renewed and cancelled.</summary>
    protected void Hold(LeaseId lease, CancellationTokenSource cancellation)
    {
        lock (ended) held = new Dictionary<LeaseId, CancellationTokenSource>(held) { [lease] = cancellation };
    }

    protected void Drop(LeaseId lease)
    {
        lock (ended) held = held.Where(h => h.Key != lease).ToDictionary();
    }

    /// <summary>Runs a piece of work on the device's thread and counts its time as busy.</summary>
    protected Task<T> ComputeAsync<T>(Func<T> work, CancellationToken cancellation) =>
        executor.RunAsync(() => meter.Measure(work, spent => services.Instruments.OnBusy(id, spent)), cancellation);

    protected void CountDone(long count)
    {
        meter.Done(count);
        services.Instruments.OnDone(id, count);
    }

    protected Task WaitForAsync(string reason, Task what)
    {
        return WaitForAsync(reason, Waited());

        async Task<bool> Waited()
        {
            await what.ConfigureAwait(false);
            return true;
        }
    }

    protected async Task<T> WaitForAsync<T>(string reason, Task<T> what)
    {
        var started = services.Time.GetTimestamp();
        try
        {
            return await what.ConfigureAwait(false);
        }
        finally
        {
            services.Instruments.OnWait(id, reason, services.Time.GetElapsedTime(started));
        }
    }

    /// <summary>Reports a failed execution; never fails itself, since the lease expires anyway.</summary>
    protected async Task FailAsync(LeaseId lease, FailureKind kind, Exception error, WorkerId? suspect = null)
    {
        LogItemFailed(error, id, lease.Item);
        if (IsOfTheRun(error))
        {
            await DivergeAsync(error).ConfigureAwait(false);
            // Not the item's fault: it is there again when the run is resumed.
            kind = FailureKind.Infrastructure;
        }
        else if (kind == FailureKind.Item && DeviceFault.Is(error)) kind = FailureKind.Device;
        var failure = new ItemFailure(lease, id, kind, $"{error.GetType().Name}: {ErrorText.Of(error)}", suspect);
        await TryAsync(() => services.Calls.RetryAsync(token => RunGrain.FailAsync(failure, token), Ended)).ConfigureAwait(false);
    }

    /// <summary>
    /// Whether an error is the run's, not the item's or the worker's: numbers that are not finite, an image of the user's own that cannot be
    /// used, a judge that does not answer although it was asked again. Another try, or another item, would end the same way.
    /// </summary>
    public static bool IsOfTheRun(Exception error) => error is DivergedException or JudgeException or InvalidDataException;

    /// <summary>Has the run paused, instead of doing the same again for ever.</summary>
    Task DivergeAsync(Exception error)
    {
        LogDiverged(id, run, ErrorText.Of(error));
        return TryAsync(() => services.Calls.RetryAsync(token => RunGrain.DivergedAsync(new RunDiverged(id, ErrorText.Of(error)), token), Ended));
    }

    protected async Task TryAsync(Func<Task> call)
    {
        try
        {
            await call().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (Ended.IsCancellationRequested)
        {
            // The end of the run for this worker, which is no failure.
        }
        catch (Exception e)
        {
            LogCallFailed(id, run, ErrorText.Of(e));
        }
    }

    /// <summary>Ends the session at once, unless it has ended by itself in this moment.</summary>
    public async Task EndAsync()
    {
        try
        {
            await ended.CancelAsync().ConfigureAwait(false);
        }
        catch (ObjectDisposedException)
        {
            // It left while somebody was about to end it.
        }
    }

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
        ended.Dispose();
        leaving.Dispose();
    }
}
