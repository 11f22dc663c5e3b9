using SpoActors.ShapesWorld.Training;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Storage;

namespace SpoActors.ShapesWorld.Packaging;

/// <summary>The part of a trained work folder that is shipped: the diffusers model, the oracle and the two judges, in float16, with card and list of files.</summary>
public static class ShapesPackage
{
    /// <summary>Everything together must stay below this, so that it can live in the repository.</summary>
    public const long MostBytes = 20_000_000;

    const string Card = "README.md";

    static readonly string[] Parts =
        ["model_index.json", "scheduler", "tokenizer", "text_encoder", "unet", "vae", ChainStages.Oracle, ChainStages.PickScore, ChainStages.Spm];

    /// <summary>Copies the trained parts into an empty or absent folder.</summary>
    /// <param name="work">The training's work folder.</param>
    /// <param name="target">Where the package goes; what it held is replaced part by part.</param>
    /// <exception cref="CheckpointException">A stage is not finished, or the package would be too large.</exception>
    public static void Copy(string work, string target)
    {
        var unfinished = ChainStages.Stages.Where(s => !StageRunner.IsDone(Path.Combine(work, s))).ToArray();
        if (unfinished.Length > 0)
            throw new CheckpointException($"'{work}' is not trained to its end: {string.Join(", ", unfinished)} {(unfinished.Length == 1 ? "is" : "are")} missing. Run `spo shapes train --work {work}` first.");
        var model = Path.Combine(work, "model");
        var files = Parts.SelectMany(part => FilesOf(model, part)).ToArray();
        var bytes = files.Sum(f => new FileInfo(Path.Combine(model, f)).Length);
        if (bytes > MostBytes) throw new CheckpointException($"the package would have {bytes} bytes; at most {MostBytes} can be shipped.");
        foreach (var part in Parts.Where(p => Directory.Exists(Path.Combine(target, p)))) Directory.Delete(Path.Combine(target, part), recursive: true);
        foreach (var file in files)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(target, file))!);
            AtomicFile.Write(Path.Combine(target, file), File.ReadAllBytes(Path.Combine(model, file)));
        }
    }

    /// <summary>Writes the model card and, last, the list of files.</summary>
    public static void Finish(string target, string card)
    {
        AtomicFile.Write(Path.Combine(target, Card), System.Text.Encoding.UTF8.GetBytes(card));
        FileManifest.Write(target);
    }

    static IEnumerable<string> FilesOf(string model, string part)
    {
        var path = Path.Combine(model, part);
        return File.Exists(path) ? [part] : Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(model, f));
    }
}
