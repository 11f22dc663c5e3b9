namespace SpoActors.Grains.Interfaces.Adapters;

/// <summary>A published adapter: what it is, not where it lies.</summary>
/// <param name="Version">Rounds it was trained on; 0 is the adapter the run starts from.</param>
/// <param name="Hash">SHA-256 of the file, hexadecimal.</param>
/// <param name="Length">Bytes.</param>
[GenerateSerializer, Immutable, Alias("spo.AdapterReference")]
public sealed record AdapterReference([property: Id(0)] int Version, [property: Id(1)] string Hash, [property: Id(2)] long Length);

/// <summary>Asks for part of an adapter file.</summary>
[GenerateSerializer, Immutable, Alias("spo.AdapterChunkRequest")]
public sealed record AdapterChunkRequest([property: Id(0)] string Run, [property: Id(1)] string Hash, [property: Id(2)] long Offset);

/// <summary>Part of an adapter file, at most <see cref="Payloads.TensorPayload.MaxBytes"/>.</summary>
[GenerateSerializer, Immutable, Alias("spo.AdapterChunk")]
public sealed record AdapterChunk([property: Id(0)] byte[] Bytes);
