using System.Globalization;
using SpoActors.Specification;
using SpoActors.Specification.Texts;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Runs;

/// <summary>
/// Commits and restores a run's state in its folder: first the checkpoint's files, each flushed to the disk, then the one manifest that
/// names them. What the last manifest does not name is left over from a crash and is removed.
/// </summary>
/// <param name="folder">The run's folder.</param>
/// <param name="identity">What the run is now.</param>
/// <param name="keep">Checkpoints kept.</param>
public sealed class RunStore(string folder, RunIdentity identity, int keep)
{
    /// <summary>Name of the trainer's state in a checkpoint.</summary>
    public const string StateFile = "trainer.safetensors";

    /// <summary>Name of the adapter file, the one diffusers looks for.</summary>
    public const string AdapterFile = "pytorch_lora_weights.safetensors";

    /// <summary>Name of the file of the adapter's average (<c>optimizer.ema</c>), in the same format.</summary>
    public const string AverageFile = "pytorch_lora_weights_ema.safetensors";

    string ManifestPath => Path.Combine(folder, HeldFolder.ManifestFile);

    string CheckpointsFolder => Path.Combine(folder, "checkpoints");

    /// <summary>The last commit, or null where there is none.</summary>
    /// <exception cref="RunStateException">It is of another configuration or of other prompts, or not a manifest.</exception>
    public RunManifest? Last()
    {
        if (RunManifest.In(folder) is not { } manifest) return null;
        if (manifest.Configuration != identity.Configuration && !IsOfFormerRule(manifest))
            throw new RunStateException(
                $"the run in '{folder}' was made with another configuration ({manifest.Configuration[..12]}, now {identity.Configuration[..12]}); " +
                "resume with the same settings, or start a run of another name.");
        if (manifest.Prompts is { } prompts && prompts != identity.Prompts)
            throw new RunStateException(
                $"the run in '{folder}' was trained on another list of prompts ({prompts[..12]}, now {identity.Prompts[..12]}): bring back the prompts, " +
                "prompts.column and prompts.limit it began with, or begin a new run from its last commit with --branch.");
        return manifest;
    }

    bool IsOfFormerRule(RunManifest manifest) =>
        manifest.Format == 1 && SpecificationYaml.Identifies<RunSpecification>(Path.Combine(folder, RunFolder.ConfigurationFile), identity.Configuration);

    /// <summary>The last commit, to go on from: whatever a crash has left undone after it is done now.</summary>
    /// <inheritdoc cref="Last"/>
    public RunManifest? Resume()
    {
        var last = Last();
        if (last is null) return null;
        AdapterPath(last);
        if (last.AverageHash is { } average) Restored(last, AverageFile, average);
        return last;
    }

    /// <summary>The trainer's state of a commit, checked against its hash.</summary>
    /// <exception cref="RunStateException">It is missing or damaged.</exception>
    public string StatePath(RunManifest manifest) => Checked(Path.Combine(folder, manifest.Checkpoint, StateFile), manifest.StateHash);

    /// <summary>
    /// The adapter in the run's folder, which is the commit's: a process killed between manifest and this file leaves that of the commit
    /// before, and then it is taken from the checkpoint.
    /// </summary>
    /// <exception cref="RunStateException">Neither is the commit's.</exception>
    public string AdapterPath(RunManifest manifest) => Restored(manifest, AdapterFile, manifest.AdapterHash);

    string Restored(RunManifest manifest, string file, string hash)
    {
        var path = Path.Combine(folder, file);
        if (RegularFile.Obstacle(path) is not null || AtomicFile.Hash(path) != hash) AtomicFile.Copy(Checked(Path.Combine(folder, manifest.Checkpoint, file), hash), path);
        return path;
    }

    static string Checked(string path, string expected)
    {
        if (RegularFile.Obstacle(path) is { } obstacle) throw new RunStateException($"'{path}', which the manifest names, is {obstacle}.");
        var hash = AtomicFile.Hash(path);
        return hash == expected ? path : throw new RunStateException($"'{path}' is damaged: its SHA-256 is {hash[..12]}, the manifest says {expected[..12]}.");
    }

    /// <summary>Commits: afterwards a crash resumes at <c>nextRound</c>.</summary>
    /// <param name="nextRound">The first round that is not part of the commit.</param>
    /// <param name="training">The trainer, between rounds.</param>
    /// <param name="writeAdapter">Writes the adapter file.</param>
    /// <param name="trainer">Who commits.</param>
    /// <param name="finished">Whether the run is done.</param>
    public RunManifest Commit(int nextRound, TrainingStage training, Action<Stream> writeAdapter, TrainerMark trainer, bool finished)
    {
        var relative = Path.Combine("checkpoints", "round-" + nextRound.ToString("d6", CultureInfo.InvariantCulture));
        var target = Path.Combine(folder, relative);
        Directory.CreateDirectory(target);
        var manifest = new RunManifest
        {
            Configuration = identity.Configuration,
            Prompts = identity.Prompts,
            Parent = RunManifest.In(folder)?.Parent,
            NextRound = nextRound,
            Minibatches = training.Minibatches,
            ConsumedPairs = training.ConsumedPairs,
            ConsumedDigest = training.Consumed.Value,
            Checkpoint = relative,
            StateHash = AtomicFile.Write(Path.Combine(target, StateFile), training.Save),
            AdapterHash = AtomicFile.Write(Path.Combine(target, AdapterFile), writeAdapter),
            AverageHash = training.KeepsAverage ? AtomicFile.Write(Path.Combine(target, AverageFile), training.WriteAverage) : null,
            TrainerEpoch = trainer.Epoch,
            TrainerNonce = trainer.Nonce,
            Finished = finished,
        };
        AtomicFile.Write(ManifestPath, manifest.ToBytes());
        // For whoever only wants the result; the manifest's own is in the checkpoint.
        AtomicFile.Copy(Path.Combine(target, AdapterFile), Path.Combine(folder, AdapterFile));
        if (manifest.AverageHash is not null) AtomicFile.Copy(Path.Combine(target, AverageFile), Path.Combine(folder, AverageFile));
        RemoveOld(relative);
        return manifest;
    }

    void RemoveOld(string current)
    {
        var folders = Directory.GetDirectories(CheckpointsFolder, "round-*").Order(StringComparer.Ordinal).ToList();
        // Newer than the commit: left over from a run that was killed and has been resumed from an older one.
        var newest = folders.FindIndex(f => Path.GetFileName(f) == Path.GetFileName(current));
        foreach (var stale in folders.Where((_, i) => i > newest || i <= newest - keep)) Directory.Delete(stale, recursive: true);
    }
}
