using Microsoft.Extensions.Logging;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Catalogue;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Grains.Resilience;
using SpoActors.Grains.Sampling;
using SpoActors.Grains.Scoring;
using SpoActors.Grains.Training;
using SpoActors.Grains.Workers;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Devices;

namespace SpoActors.Grains.Hosting;

/// <summary>
/// Runs the workers of a silo: one thread a device, and on it one worker a role. Starts after the silo and stops before it: stopping
/// first drains (items that were begun are finished), and cuts off when the host's patience ends.
/// </summary>
public sealed partial class WorkerHost(WorkerServices services, DeviceWorkers workers) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    readonly CancellationTokenSource draining = new(), stopping = new();
    readonly List<DeviceExecutor> executors = [];
    readonly List<Task> loops = [];
    readonly ILogger logger = services.Logging.CreateLogger<WorkerHost>();

    // After the silo is active, and before it stops being so: workers always find a working silo around them.
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(nameof(WorkerHost), ServiceLifecycleStage.Active + 1, StartAsync, DrainAsync);

    Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var (device, roles) in services.Options.Devices)
        {
            var executor = new DeviceExecutor(device);
            executors.Add(executor);
            loops.AddRange(roles.Select(role => LoopAsync(new WorkerId(services.Options.Silo, device, role), executor)));
        }
        return Task.CompletedTask;
    }

    /// <summary>Finishes what was begun and takes nothing new. A host may do so before it stops anything else.</summary>
    /// <param name="cancellationToken">Cuts off.</param>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        await draining.CancelAsync().ConfigureAwait(false);
        using var cut = cancellationToken.UnsafeRegister(_ => stopping.Cancel(), null);
        await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var executor in executors) await executor.DisposeAsync().ConfigureAwait(false);
        executors.Clear();
    }

    /// <summary>Ends everything as soon as nothing is lost: sampling and scoring at once, a trainer when it has committed its complete rounds.</summary>
    public async Task InterruptAsync()
    {
        await draining.CancelAsync().ConfigureAwait(false);
        foreach (var session in workers.All.Where(s => s.MayBeCut)) await session.EndAsync().ConfigureAwait(false);
        await DrainAsync(CancellationToken.None).ConfigureAwait(false);
    }

    public void Dispose()
    {
        draining.Dispose();
        stopping.Dispose();
    }

    /// <summary>Serves one run after the other.</summary>
    async Task LoopAsync(WorkerId id, DeviceExecutor executor)
    {
        // Leaves the host's start at once.
        await Task.Yield();
        IReadOnlyList<CatalogueEntry> runs = [];
        while (!draining.IsCancellationRequested)
        {
            try
            {
                runs = await ListAsync(id, runs).ConfigureAwait(false);
                var hasServed = false;
                foreach (var entry in runs) hasServed |= await TryServeAsync(id, entry.Run, executor).ConfigureAwait(false);
                // A run that has its trainer leaves a second one without work.
                if (runs.Count > 0 && !hasServed) await PauseAsync().ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (draining.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LogFailed(id, ErrorText.Of(e));
                await PauseAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>The runs that want workers; those of the last time while the catalogue does not answer, since they themselves may.</summary>
    async Task<IReadOnlyList<CatalogueEntry>> ListAsync(WorkerId id, IReadOnlyList<CatalogueEntry> before)
    {
        try
        {
            var catalogue = services.Grains.GetGrain<ICatalogueGrain>(ICatalogueGrain.Key);
            var list = await services.Calls.OnceAsync(
                token => catalogue.ListAsync(new ListRuns(Protocol.Version, OnlyRunning: true, Wait: true, id), token), draining.Token).ConfigureAwait(false);
            return list.Runs;
        }
        catch (Exception e) when (before.Count > 0 && Calls.IsOfTheNetwork(e))
        {
            LogFailed(id, ErrorText.Of(e));
            return before;
        }
    }

    /// <summary>One run's fault is its own: the others are served all the same.</summary>
    /// <returns>Whether the run had work for the worker.</returns>
    async Task<bool> TryServeAsync(WorkerId id, string run, DeviceExecutor executor)
    {
        try
        {
            return await ServeAsync(id, run, executor).ConfigureAwait(false);
        }
        catch (Exception e) when (!draining.IsCancellationRequested)
        {
            LogSkipped(id, run, ErrorText.Of(e));
            return false;
        }
    }

    async Task<bool> ServeAsync(WorkerId id, string run, DeviceExecutor executor)
    {
        var grain = services.Grains.GetGrain<IRunGrain>(run);
        var joined = await services.Calls.OnceAsync(token => grain.JoinAsync(new JoinRun(Protocol.Version, id), token), draining.Token).ConfigureAwait(false);
        if (joined.Status != RunStatus.Running || draining.IsCancellationRequested) return false;
        using var session = Create(id, run, joined, executor);
        workers.Begin(session);
        try
        {
            return await session.ServeAsync(draining.Token, stopping.Token).ConfigureAwait(false);
        }
        finally
        {
            workers.End(session);
        }
    }

    WorkerSession Create(WorkerId id, string run, JoinedRun joined, DeviceExecutor executor)
    {
        var specification = SpecificationYaml.Parse(joined.Specification, $"the specification of run '{run}'");
        return id.Role switch
        {
            WorkerRole.Sampler => new SamplerSession(id, run, specification, joined, executor, services),
            WorkerRole.Scorer => new ScorerSession(id, run, specification, joined, executor, services),
            _ => new TrainerSession(id, run, specification, joined, executor, services),
        };
    }

    Task PauseAsync() => Task.Delay(TimeSpan.FromSeconds(1), services.Time, draining.Token);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Worker} waits for the cluster: {Message}")]
    partial void LogFailed(WorkerId worker, string message);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Worker} goes past run {Run}: {Message}")]
    partial void LogSkipped(WorkerId worker, string run, string message);
}
