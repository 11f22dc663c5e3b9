using System.Text.Json;
using System.Text.Json.Serialization;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Runs;

/// <summary>
/// Where a run stands: the one file that a commit replaces atomically. Everything it names was written before it, so a crash at any
/// moment leaves the last commit whole.
/// </summary>
public sealed record RunManifest
{
    /// <summary>Version of this file's format.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>The format this program writes.</summary>
    public const int CurrentFormat = 1;

    /// <summary>SHA-256 of the resolved configuration.</summary>
    public required string Configuration { get; init; }

    /// <summary>The first round that is not part of the commit.</summary>
    public required int NextRound { get; init; }

    /// <summary>Minibatches trained on.</summary>
    public required int Minibatches { get; init; }

    /// <summary>Pairs trained on.</summary>
    public required long ConsumedPairs { get; init; }

    /// <summary>Hash chain over them (<see cref="ConsumedDigest"/>).</summary>
    public required string ConsumedDigest { get; init; }

    /// <summary>Folder of the checkpoint, relative to the run's folder.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>SHA-256 of the checkpoint's trainer state.</summary>
    public required string StateHash { get; init; }

    /// <summary>SHA-256 of the adapter file; the adapter's identity.</summary>
    public required string AdapterHash { get; init; }

    /// <summary>Incremented whenever a trainer takes the run over; a commit of an older epoch is refused.</summary>
    public int TrainerEpoch { get; init; }

    /// <summary>Whether the run has done all its rounds.</summary>
    public bool Finished { get; init; }

    static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Options);

    /// <summary>Reads a manifest.</summary>
    /// <exception cref="RunStateException">It is not one, or of another format.</exception>
    public static RunManifest Read(string path)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize<RunManifest>(File.ReadAllBytes(path), Options)!;
            return manifest.Format == CurrentFormat
                ? manifest
                : throw new RunStateException($"'{path}' has format {manifest.Format}; this program reads format {CurrentFormat}.");
        }
        catch (JsonException e)
        {
            throw new RunStateException($"'{path}' is not a run manifest: {e.Message}", e);
        }
    }
}
