using SpoActors.Specification;
using SpoActors.Specification.Texts;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Runs;

/// <summary>
/// Begins a run from the last commit of another one: the new folder holds a copy of that commit, so that resuming it goes on from there,
/// with settings of its own. The way on for a run whose own settings lead nowhere, since resuming repeats the same bits.
/// </summary>
public static class RunBranch
{
    /// <summary>Makes the new run's folder; one that was made before is left as it is.</summary>
    /// <param name="parent">Folder of the run to branch off from; no process may be at work in it.</param>
    /// <param name="run">The new run, validated; its name decides its folder.</param>
    /// <param name="prompts">Its prompts.</param>
    /// <exception cref="RunStateException">There is no commit to begin from, it is damaged or in use, or the new folder holds something else.</exception>
    public static void Begin(string parent, RunSpecification run, TrainingPrompts prompts)
    {
        var target = RunFolder.PathOf(run);
        var name = Path.GetFileName(parent);
        if (RunManifest.In(target) is { } existing)
        {
            if (existing.Parent?.Run == name) return;
            throw new RunStateException($"'{target}' holds a run that is not a branch of '{name}'; choose another name for --branch.");
        }
        if (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()))
            throw new RunStateException($"'{target}' is not empty and holds no branch of '{name}'; choose another name for --branch.");
        if (RunManifest.In(parent) is null)
            throw new RunStateException($"'{parent}' holds no commit to branch off from. The configuration's name (or --name) must be that of a run with a checkpoint.");

        using var held = HeldFolder.Open(parent, resume: true);
        var manifest = RunManifest.In(parent)!;
        // Beside the target, which appears whole or not at all.
        var unfinished = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.{Environment.ProcessId}.tmp");
        try
        {
            Copy(parent, manifest, unfinished);
            StoredConfiguration.Write(Path.Combine(unfinished, RunFolder.ConfigurationFile), run);
            var identity = RunIdentity.Of(run, prompts);
            AtomicFile.Write(Path.Combine(unfinished, HeldFolder.ManifestFile), (manifest with
            {
                Format = RunManifest.CurrentFormat,
                Configuration = identity.Configuration,
                Prompts = identity.Prompts,
                Parent = new RunParent(name, manifest.NextRound, manifest.AdapterHash),
                TrainerEpoch = 0,
                TrainerNonce = null,
                Finished = false,
            }).ToBytes());
            if (Directory.Exists(target)) Directory.Delete(target);
            Directory.Move(unfinished, target);
        }
        catch
        {
            if (Directory.Exists(unfinished)) Directory.Delete(unfinished, recursive: true);
            throw;
        }
    }

    static void Copy(string parent, RunManifest manifest, string target)
    {
        var checkpoint = Path.Combine(target, manifest.Checkpoint);
        Directory.CreateDirectory(checkpoint);
        foreach (var (file, named) in new[] { (RunStore.StateFile, manifest.StateHash), (RunStore.AdapterFile, manifest.AdapterHash), (RunStore.AverageFile, manifest.AverageHash) })
        {
            if (named is not { } expected) continue;
            var source = Path.Combine(parent, manifest.Checkpoint, file);
            if (RegularFile.Obstacle(source) is { } obstacle) throw new RunStateException($"'{source}', which the manifest names, is {obstacle}.");
            var hash = AtomicFile.Copy(source, Path.Combine(checkpoint, file));
            if (hash != expected) throw new RunStateException($"'{source}' is damaged: its SHA-256 is {hash[..12]}, the manifest says {expected[..12]}.");
        }
        AtomicFile.Copy(Path.Combine(checkpoint, RunStore.AdapterFile), Path.Combine(target, RunStore.AdapterFile));
        if (manifest.AverageHash is not null) AtomicFile.Copy(Path.Combine(checkpoint, RunStore.AverageFile), Path.Combine(target, RunStore.AverageFile));
        // Versions that samplers of a pipeline with staleness still ask for.
        var versions = Path.Combine(parent, "adapters");
        if (!Directory.Exists(versions)) return;
        Directory.CreateDirectory(Path.Combine(target, "adapters"));
        foreach (var version in Directory.GetFiles(versions, "v*.safetensors").Where(v => RegularFile.Obstacle(v) is null)) AtomicFile.Copy(version, Path.Combine(target, "adapters", Path.GetFileName(version)));
    }
}
