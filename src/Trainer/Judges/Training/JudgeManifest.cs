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

    public byte[] ToBytes() => ManifestFile.ToBytes(this);

    /// <exception cref="RunStateException">The file is no manifest, or one of another format.</exception>
    public static JudgeManifest Read(string path) => ManifestFile.Read<JudgeManifest>(path, "a manifest of a preference training", m => m.Format, CurrentFormat, m =>
    {
        ManifestChecks.Hash(path, "configuration", m.Configuration);
        ManifestChecks.Hash(path, "state_hash", m.StateHash);
        ManifestChecks.Checkpoint(path, "next_step", m.NextStep, m.Checkpoint, "step");
    });
}
