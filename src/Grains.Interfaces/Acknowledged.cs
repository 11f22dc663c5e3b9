namespace SpoActors.Grains.Interfaces;

/// <summary>Nothing but "received".</summary>
[GenerateSerializer, Immutable, Alias("spo.Acknowledged")]
public sealed record Acknowledged;
