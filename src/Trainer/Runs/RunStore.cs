using System.Globalization;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Runs;

/// <summary>
/// Commits and restores a run's state in its folder: first the checkpoint's files, each flushed to the disk, then the one manifest that
/// names them. What the last manifest does not name is left over from a crash and is removed.
/// </summary>
public sealed class RunStore(string folder, string configurationHash, int keep)
{
    const string StateFile = "trainer.safetensors";

    /// <summary>Name of the adapter file, the one diffusers looks for.</summary>
    public const string AdapterFile = "pytorch_lora_weights.safetensors";

    string ManifestPath => Path.Combine(folder, HeldFolder.ManifestFile);

    string CheckpointsFolder => Path.Combine(folder, "checkpoints");

    /// <summary>The last commit, or null where there is none.</summary>
    /// <exception cref="RunStateException">It belongs to another configuration, or its files are damaged.</exception>
    public RunManifest? Last()
    {
        if (!File.Exists(ManifestPath)) return null;
        var manifest = RunManifest.Read(ManifestPath);
        if (manifest.Configuration != configurationHash)
            throw new RunStateException(
                $"the run in '{folder}' was made with another configuration ({manifest.Configuration[..12]}, now {configurationHash[..12]}); " +
                "resume with the same settings, or start a run of another name.");
        return manifest;
    }

    /// <summary>The trainer's state of a commit, checked against its hash.</summary>
    public string StatePath(RunManifest manifest)
    {
        var path = Path.Combine(folder, manifest.Checkpoint, StateFile);
        if (!File.Exists(path)) throw new RunStateException($"'{path}', which the manifest names, does not exist.");
        var hash = AtomicFile.Hash(path);
        return hash == manifest.StateHash
            ? path
            : throw new RunStateException($"'{path}' is damaged: its SHA-256 is {hash[..12]}, the manifest says {manifest.StateHash[..12]}.");
    }

    /// <summary>Commits: afterwards a crash resumes at <c>nextRound</c>.</summary>
    /// <param name="nextRound">The first round that is not part of the commit.</param>
    /// <param name="training">The trainer, between rounds.</param>
    /// <param name="writeAdapter">Writes the adapter file.</param>
    /// <param name="trainerEpoch">Of the trainer that commits.</param>
    /// <param name="finished">Whether the run is done.</param>
    public RunManifest Commit(int nextRound, TrainingStage training, Action<Stream> writeAdapter, int trainerEpoch, bool finished)
    {
        var relative = Path.Combine("checkpoints", "round-" + nextRound.ToString("d6", CultureInfo.InvariantCulture));
        var target = Path.Combine(folder, relative);
        Directory.CreateDirectory(target);
        var manifest = new RunManifest
        {
            Configuration = configurationHash,
            NextRound = nextRound,
            Minibatches = training.Minibatches,
            ConsumedPairs = training.ConsumedPairs,
            ConsumedDigest = training.Consumed.Value,
            Checkpoint = relative,
            StateHash = AtomicFile.Write(Path.Combine(target, StateFile), training.Save),
            AdapterHash = AtomicFile.Write(Path.Combine(target, AdapterFile), writeAdapter),
            TrainerEpoch = trainerEpoch,
            Finished = finished,
        };
        AtomicFile.Write(ManifestPath, manifest.ToBytes());
        // For whoever only wants the result; the manifest's own copy is in the checkpoint.
        AtomicFile.Write(Path.Combine(folder, AdapterFile), writeAdapter);
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
