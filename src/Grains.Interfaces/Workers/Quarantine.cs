namespace SpoActors.Grains.Interfaces.Workers;

/// <summary>A worker that failed several times in a row is kept from work.</summary>
/// <param name="Reason">Its last error.</param>
/// <param name="Until">From then on it may show on an item that it is well.</param>
[GenerateSerializer, Immutable, Alias("spo.Quarantine")]
public sealed record Quarantine([property: Id(0)] string Reason, [property: Id(1)] DateTimeOffset Until);
