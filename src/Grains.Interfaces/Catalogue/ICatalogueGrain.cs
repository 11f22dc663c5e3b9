using SpoActors.Grains.Interfaces.Identity;

namespace SpoActors.Grains.Interfaces.Catalogue;

/// <summary>All runs of the cluster, and who serves which. There is one, under <see cref="Key"/>.</summary>
[Alias("spo.ICatalogueGrain")]
public interface ICatalogueGrain : IGrainWithStringKey
{
    /// <summary>Key of the only catalogue.</summary>
    const string Key = "catalogue";

    /// <summary>Lists runs, oldest first.</summary>
    [Alias("List")]
    Task<CatalogueList> ListAsync(ListRuns request, CancellationToken cancellation);

    /// <summary>A run tells where it stands. Idempotent.</summary>
    [Alias("Record")]
    Task<Acknowledged> RecordAsync(CatalogueEntry entry, CancellationToken cancellation);

    /// <summary>A run tells who serves it, and learns what all others do. Kept in memory alone: whoever is not heard of any more is forgotten.</summary>
    [Alias("Serve")]
    Task<DeviceTable> ServeAsync(RunWorkers workers, CancellationToken cancellation);

    /// <summary>A run has no state: workers are no longer sent to it, and the list says so. Idempotent.</summary>
    [Alias("Lose")]
    Task<Acknowledged> LoseAsync(string run, CancellationToken cancellation);

    /// <summary>Takes a run without state off the list.</summary>
    /// <returns>Whether it was there.</returns>
    [Alias("Remove")]
    Task<bool> RemoveAsync(string run, CancellationToken cancellation);
}

/// <summary>Asks for runs.</summary>
/// <param name="ProtocolVersion">Of the caller.</param>
/// <param name="OnlyRunning">Leave out those that want no workers.</param>
/// <param name="Wait">Wait a few seconds if the list is empty.</param>
/// <param name="Worker">The worker that asks, because it has nothing to do; null for a client.</param>
[GenerateSerializer, Immutable, Alias("spo.ListRuns")]
public sealed record ListRuns([property: Id(0)] int ProtocolVersion, [property: Id(1)] bool OnlyRunning, [property: Id(2)] bool Wait, [property: Id(3)] WorkerId? Worker = null);

[GenerateSerializer, Immutable, Alias("spo.CatalogueList")]
public sealed record CatalogueList([property: Id(0)] IReadOnlyList<CatalogueEntry> Runs)
{
    /// <summary>Who serves which run.</summary>
    [Id(1)]
    public IReadOnlyList<BusyWorker> Workers { get; init; } = [];
}

/// <param name="Run">Id.</param>
/// <param name="Status">Status.</param>
/// <param name="Started">When it was first started.</param>
/// <param name="Reason">Why it does not go on, or what it waits for; empty when it moves.</param>
/// <param name="Priority">Its weight when workers are shared.</param>
[GenerateSerializer, Immutable, Alias("spo.CatalogueEntry")]
public sealed record CatalogueEntry(
    [property: Id(0)] string Run, [property: Id(1)] RunStatus Status, [property: Id(2)] DateTimeOffset Started, [property: Id(3)] string Reason = "",
    [property: Id(4)] int Priority = 1);

/// <summary>The workers of a run.</summary>
[GenerateSerializer, Immutable, Alias("spo.RunWorkers")]
public sealed record RunWorkers([property: Id(0)] string Run, [property: Id(1)] IReadOnlyList<WorkerId> Workers);

/// <summary>What the cluster's workers do, as far as they have been heard of lately.</summary>
/// <param name="Busy">Those that serve another run than the one that asks.</param>
/// <param name="Free">Those that look for work.</param>
/// <param name="Surplus">Those of the run that asks which another run has more right to: they shall leave between two items.</param>
[GenerateSerializer, Immutable, Alias("spo.DeviceTable")]
public sealed record DeviceTable(
    [property: Id(0)] IReadOnlyList<BusyWorker> Busy, [property: Id(1)] IReadOnlyList<WorkerId> Free, [property: Id(2)] IReadOnlyList<WorkerId> Surplus);

/// <param name="Worker">A worker.</param>
/// <param name="Run">What it serves.</param>
[GenerateSerializer, Immutable, Alias("spo.BusyWorker")]
public sealed record BusyWorker([property: Id(0)] WorkerId Worker, [property: Id(1)] string Run);
