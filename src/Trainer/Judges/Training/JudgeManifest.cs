using System.Text.Json;
using System.Text.Json.Serialization;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Judges.Training;

/// <summary>Where a preference model's training stands: the one file that a commit replaces atomically, after everything it names.</summary>
public sealed record JudgeManifest
{
    /// <summary>Version of this file's format.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>The format this program writes. In format 1 <see cref="Configuration"/> is the hash of a whole configuration.</summary>
    public const int CurrentFormat = 2;

    /// <summary>SHA-256 of what identifies the training.</summary>
    public required string Configuration { get; init; }

    /// <summary>The first step that is not part of the commit.</summary>
    public required int NextStep { get; init; }

    /// <summary>Folder of the checkpoint, relative to the training's folder.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>SHA-256 of the checkpoint's weights and optimizer state.</summary>
    public required string StateHash { get; init; }

    /// <summary>Pairs trained on.</summary>
    public long Pairs { get; init; }

    /// <summary>Captions among them that were cut to the context.</summary>
    public int CaptionsCut { get; init; }

    /// <summary>Pairs left out because an image could not be decoded.</summary>
    public int PairsSkipped { get; init; }

    const int LargestFile = 1 << 20;

    static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Options);

    /// <exception cref="RunStateException">The file is no manifest, or one of another format.</exception>
    public static JudgeManifest Read(string path)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize<JudgeManifest>(InputFile.ReadAll(path, LargestFile), Options)
                ?? throw new RunStateException($"'{path}' is not a manifest of a preference training: it holds null.");
            if (manifest.Format is < 1 or > CurrentFormat) throw new RunStateException($"'{path}' has format {manifest.Format}; this program reads formats 1 to {CurrentFormat}.");
            ManifestChecks.Hash(path, "configuration", manifest.Configuration);
            ManifestChecks.Hash(path, "state_hash", manifest.StateHash);
            ManifestChecks.Checkpoint(path, "next_step", manifest.NextStep, manifest.Checkpoint, "step");
            return manifest;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new RunStateException($"'{path}' is not a manifest of a preference training: {e.Message}", e);
        }
    }
}
