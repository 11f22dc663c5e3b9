using Orleans.Concurrency;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Catalogue;
using SpoActors.Grains.Runs;

namespace SpoActors.Grains.Catalogue;

/// <summary>The list of runs.</summary>
[Reentrant]
public sealed class CatalogueGrain(
    [PersistentState("catalogue", RunGrain.StorageName)] IPersistentState<CatalogueState> state, TimeProvider time, SiloStopping stopping)
    : Grain, ICatalogueGrain, IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    readonly Signal signal = new(time, stopping.Token);
    readonly SemaphoreSlim writing = new(1);

    public async Task<CatalogueList> ListAsync(ListRuns request, CancellationToken cancellation)
    {
        Protocol.Require(request.ProtocolVersion);
        return await signal.UntilAsync(() => Entries(request), Patience, cancellation) ?? new CatalogueList([]);
    }

    public async Task<Acknowledged> RecordAsync(CatalogueEntry entry, CancellationToken cancellation)
    {
        await writing.WaitAsync(cancellation);
        try
        {
            if (state.State.Runs.GetValueOrDefault(entry.Run) == entry) return new Acknowledged();
            state.State.Runs[entry.Run] = entry;
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
        return new Acknowledged();
    }

    public void Dispose() => writing.Dispose();

    CatalogueList? Entries(ListRuns request)
    {
        var runs = state.State.Runs.Values.Where(r => !request.OnlyRunning || r.Status == RunStatus.Running).OrderBy(r => r.Started).ToArray();
        return runs.Length == 0 && request.Wait ? null : new CatalogueList(runs);
    }
}

/// <summary>What the catalogue stores.</summary>
[GenerateSerializer, Alias("spo.CatalogueState")]
public sealed class CatalogueState
{
    [Id(0)]
    public Dictionary<string, CatalogueEntry> Runs { get; set; } = [];
}
