using System.Globalization;
using SpoActors.Specification;
using SpoActors.Specification.Texts;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Storage;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges.Training;

/// <summary>
/// Commits and restores a training in its folder: first the checkpoint's file (weights and moments in float32), flushed to the disk, then
/// the one manifest that names it. What the manifest does not name is left over from a crash and is removed.
/// </summary>
/// <param name="folder">The training's folder.</param>
/// <param name="identity">Hash of what identifies the training.</param>
/// <param name="keep">Checkpoints kept.</param>
public sealed class JudgeStore(string folder, string identity, int keep)
{
    const string StateFile = "trainer.safetensors", WeightPrefix = "weights.", OptimizerPrefix = "optimizer.";

    string ManifestPath => Path.Combine(folder, HeldFolder.ManifestFile);

    /// <summary>The last commit, or null where there is none.</summary>
    /// <exception cref="RunStateException">It belongs to another configuration.</exception>
    public JudgeManifest? Last()
    {
        if (!File.Exists(ManifestPath)) return null;
        var manifest = JudgeManifest.Read(ManifestPath);
        var isFormerRules = manifest.Format == 1 && SpecificationYaml.Identifies<PreferenceTrainingSpecification>(Path.Combine(folder, "config.yaml"), identity);
        return manifest.Configuration == identity || isFormerRules ? manifest : throw new RunStateException(
            $"the training in '{folder}' was made with another configuration ({manifest.Configuration[..12]}, now {identity[..12]}); " +
            "resume with the same settings, or choose another name.");
    }

    /// <summary>Puts a commit's state into the trainer.</summary>
    /// <exception cref="RunStateException">The file is missing, damaged, or of another model.</exception>
    public void Restore(JudgeManifest manifest, PreferenceTrainer trainer)
    {
        var path = Path.Combine(folder, manifest.Checkpoint, StateFile);
        if (RegularFile.Obstacle(path) is { } obstacle) throw new RunStateException($"'{path}', which the manifest names, is {obstacle}.");
        var hash = AtomicFile.Hash(path);
        if (hash != manifest.StateHash) throw new RunStateException($"'{path}' is damaged: its SHA-256 is {hash[..12]}, the manifest says {manifest.StateHash[..12]}.");
        using var scope = NewDisposeScope();
        using var file = SafetensorsFile.Open(path);
        Dictionary<string, Tensor> Below(string prefix) => file.Tensors.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(k => k[prefix.Length..], file.Load, StringComparer.Ordinal);
        try
        {
            trainer.Load(manifest.NextStep, Below(WeightPrefix), Below(OptimizerPrefix));
        }
        catch (ArgumentException e)
        {
            throw new RunStateException($"'{path}' does not fit: {e.Message}", e);
        }
    }

    /// <summary>Commits: afterwards a crash resumes at the trainer's next step.</summary>
    /// <param name="trainer">Between two steps.</param>
    /// <param name="pairs">Pairs trained on.</param>
    /// <param name="captionsCut">Captions cut.</param>
    /// <param name="pairsSkipped">Pairs left out.</param>
    public JudgeManifest Commit(PreferenceTrainer trainer, long pairs, int captionsCut, int pairsSkipped)
    {
        var relative = Path.Combine("checkpoints", "step-" + trainer.Steps.ToString("d6", CultureInfo.InvariantCulture));
        Directory.CreateDirectory(Path.Combine(folder, relative));
        var manifest = new JudgeManifest
        {
            Configuration = identity,
            NextStep = trainer.Steps,
            Checkpoint = relative,
            StateHash = AtomicFile.Write(Path.Combine(folder, relative, StateFile), target => Write(target, trainer)),
            Pairs = pairs,
            CaptionsCut = captionsCut,
            PairsSkipped = pairsSkipped,
        };
        AtomicFile.Write(ManifestPath, manifest.ToBytes());
        RemoveOld(relative);
        return manifest;
    }

    static void Write(Stream target, PreferenceTrainer trainer)
    {
        using var scope = NewDisposeScope();
        var tensors = trainer.Weights().ToDictionary(w => WeightPrefix + w.Key, w => w.Value, StringComparer.Ordinal);
        foreach (var (key, value) in trainer.OptimizerState()) tensors.Add(OptimizerPrefix + key, value);
        SafetensorsWriter.Write(target, tensors);
    }

    void RemoveOld(string current)
    {
        var folders = Directory.GetDirectories(Path.Combine(folder, "checkpoints"), "step-*").Order(StringComparer.Ordinal).ToList();
        var newest = folders.FindIndex(f => Path.GetFileName(f) == Path.GetFileName(current));
        foreach (var stale in folders.Where((_, i) => i > newest || i <= newest - keep)) Directory.Delete(stale, recursive: true);
    }
}
