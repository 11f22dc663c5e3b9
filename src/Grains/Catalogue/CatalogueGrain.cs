using Orleans.Concurrency;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Catalogue;
using SpoActors.Grains.Runs;

namespace SpoActors.Grains.Catalogue;

/// <summary>The list of runs, and the allocation of the cluster's workers to them.</summary>
[Reentrant]
public sealed class CatalogueGrain(
    [PersistentState("catalogue", RunGrain.StorageName)] IPersistentState<CatalogueState> state, TimeProvider time, SiloStopping stopping)
    : Grain, ICatalogueGrain, IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    readonly DeviceRegister devices = new(time);
    readonly Signal signal = new(time, stopping.Token);
    readonly SemaphoreSlim writing = new(1);

    public async Task<CatalogueList> ListAsync(ListRuns request, CancellationToken cancellation)
    {
        Protocol.Require(request.ProtocolVersion);
        if (request.Worker is { } worker) devices.Free(worker);
        return await signal.UntilAsync(() => Entries(request), Patience, cancellation) ?? new CatalogueList([]);
    }

    public async Task<Acknowledged> RecordAsync(CatalogueEntry entry, CancellationToken cancellation)
    {
        await ChangeAsync(runs =>
        {
            if (runs.GetValueOrDefault(entry.Run) == entry) return false;
            runs[entry.Run] = entry;
            return true;
        }, cancellation);
        return new Acknowledged();
    }

    public Task<DeviceTable> ServeAsync(RunWorkers workers, CancellationToken cancellation)
    {
        devices.Serve(workers);
        return Task.FromResult(devices.For(workers.Run, Running));
    }

    public async Task<Acknowledged> LoseAsync(string run, CancellationToken cancellation)
    {
        await ChangeAsync(runs =>
        {
            if (runs.GetValueOrDefault(run) is not { Status: RunStatus.Running } entry) return false;
            runs[run] = entry with { Status = RunStatus.Cancelled, Reason = $"its state is not in the cluster's storage; `spo cancel {run}` removes it from this list" };
            return true;
        }, cancellation);
        return new Acknowledged();
    }

    public Task<bool> RemoveAsync(string run, CancellationToken cancellation) => ChangeAsync(runs => runs.Remove(run), cancellation);

    /// <summary>Changes the list and stores it, one change at a time.</summary>
    /// <returns>Whether anything was changed.</returns>
    async Task<bool> ChangeAsync(Func<Dictionary<string, CatalogueEntry>, bool> change, CancellationToken cancellation)
    {
        await writing.WaitAsync(cancellation);
        try
        {
            if (!change(state.State.Runs)) return false;
            await state.WriteStateAsync(cancellation);
        }
        catch
        {
            // Whatever is in memory now, the storage holds something else.
            DeactivateOnIdle();
            throw;
        }
        finally
        {
            writing.Release();
        }
        signal.Pulse();
        return true;
    }

    public void Dispose() => writing.Dispose();

    IReadOnlyList<CatalogueEntry> Running => [.. Oldest(state.State.Runs.Values.Where(r => r.Status == RunStatus.Running))];

    static IEnumerable<CatalogueEntry> Oldest(IEnumerable<CatalogueEntry> runs) => runs.OrderBy(r => r.Started).ThenBy(r => r.Run, StringComparer.Ordinal);

    CatalogueList? Entries(ListRuns request)
    {
        var runs = request.OnlyRunning ? Running : [.. Oldest(state.State.Runs.Values)];
        return runs.Count == 0 && request.Wait ? null
            : new CatalogueList(request.Worker is { } worker ? devices.Order(worker, runs) : runs) { Workers = request.Worker is null ? [.. devices.Busy] : [] };
    }
}

/// <summary>What the catalogue stores.</summary>
[GenerateSerializer, Alias("spo.CatalogueState")]
public sealed class CatalogueState
{
    [Id(0)]
    public Dictionary<string, CatalogueEntry> Runs { get; set; } = [];
}
