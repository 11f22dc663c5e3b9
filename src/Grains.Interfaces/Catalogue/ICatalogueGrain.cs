
namespace SpoActors.Grains.Interfaces.Catalogue;

/// <summary>All runs of the cluster. There is one, under <see cref="Key"/>.</summary>
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
}

/// <summary>Asks for runs.</summary>
/// <param name="ProtocolVersion">Of the caller.</param>
/// <param name="OnlyRunning">Leave out those that want no workers.</param>
/// <param name="Wait">Wait a few seconds if the list is empty.</param>
[GenerateSerializer, Immutable, Alias("spo.ListRuns")]
public sealed record ListRuns([property: Id(0)] int ProtocolVersion, [property: Id(1)] bool OnlyRunning, [property: Id(2)] bool Wait);

[GenerateSerializer, Immutable, Alias("spo.CatalogueList")]
public sealed record CatalogueList([property: Id(0)] IReadOnlyList<CatalogueEntry> Runs);

/// <param name="Run">Id.</param>
/// <param name="Status">Status.</param>
/// <param name="Started">When it was first started.</param>
[GenerateSerializer, Immutable, Alias("spo.CatalogueEntry")]
public sealed record CatalogueEntry([property: Id(0)] string Run, [property: Id(1)] RunStatus Status, [property: Id(2)] DateTimeOffset Started);
