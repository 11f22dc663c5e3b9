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

    /// <summary>
    /// The format this program writes. In format 1 <see cref="Configuration"/> is the hash of a whole configuration, and the prompts are not known.
    /// </summary>
    public const int CurrentFormat = 2;

    /// <summary>Hash of the settings that decide what is computed (<see cref="RunIdentity"/>).</summary>
    public required string Configuration { get; init; }

    /// <summary>Hash of the list of prompts (<see cref="RunIdentity"/>); null in format 1.</summary>
    public string? Prompts { get; init; }

    /// <summary>Where the run branched off; null for one that began by itself.</summary>
    public RunParent? Parent { get; init; }

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

    /// <summary>SHA-256 of the file of the adapter's average; null where none is kept.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AverageHash { get; init; }

    /// <summary>Incremented whenever a trainer takes the run over; a commit of an older epoch is refused.</summary>
    public int TrainerEpoch { get; init; }

    /// <summary>Tells trainers of one epoch apart; null for one that is no cluster's.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TrainerNonce { get; init; }

    /// <summary>Whether the run has done all its rounds.</summary>
    public bool Finished { get; init; }

    public byte[] ToBytes() => ManifestFile.ToBytes(this);

    /// <summary>The manifest in a run's folder; null where nothing has been committed.</summary>
    /// <inheritdoc cref="Read"/>
    public static RunManifest? In(string folder) => Path.Combine(folder, HeldFolder.ManifestFile) is var path && File.Exists(path) ? Read(path) : null;

    /// <summary>Reads a manifest.</summary>
    /// <exception cref="RunStateException">It is not one, or of another format.</exception>
    public static RunManifest Read(string path) => ManifestFile.Read<RunManifest>(path, "a run manifest", m => m.Format, CurrentFormat, m => Check(path, m));

    static void Check(string path, RunManifest manifest)
    {
        ManifestChecks.Hash(path, "configuration", manifest.Configuration);
        if (manifest.Prompts is { } prompts) ManifestChecks.Hash(path, "prompts", prompts);
        ManifestChecks.Hash(path, "state_hash", manifest.StateHash);
        ManifestChecks.Hash(path, "adapter_hash", manifest.AdapterHash);
        if (manifest.ConsumedDigest is not "") ManifestChecks.Hash(path, "consumed_digest", manifest.ConsumedDigest);
        ManifestChecks.Count(path, "minibatches", manifest.Minibatches);
        ManifestChecks.Count(path, "consumed_pairs", manifest.ConsumedPairs);
        ManifestChecks.Count(path, "trainer_epoch", manifest.TrainerEpoch);
        if (manifest.TrainerNonce is { } nonce) ManifestChecks.Nonce(path, "trainer_nonce", nonce);
        ManifestChecks.Checkpoint(path, "next_round", manifest.NextRound, manifest.Checkpoint, "round");
    }
}

/// <summary>Who commits.</summary>
/// <param name="Epoch"><see cref="RunManifest.TrainerEpoch"/>.</param>
/// <param name="Nonce"><see cref="RunManifest.TrainerNonce"/>.</param>
public readonly record struct TrainerMark(int Epoch, string? Nonce);

/// <summary>The commit of another run that a run branched off from.</summary>
/// <param name="Run">Name of that run.</param>
/// <param name="NextRound">The first round that is not part of the commit.</param>
/// <param name="AdapterHash">Its adapter.</param>
public sealed record RunParent(string Run, int NextRound, string AdapterHash);
