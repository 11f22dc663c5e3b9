using SpoActors.ShapesWorld.Oracles;
using SpoActors.ShapesWorld.World;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Pipelines;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Preference;

/// <summary>
/// Preference data as people would give it: several images of each prompt by the base model, shown in pairs. Images with and without
/// guidance differ in quality much more than those of one guidance scale; without that spread no judge can be trained.
/// </summary>
public sealed class PreferenceImages(DiffusionModel model, ShapesOracle oracle, ulong seed, int promptsOfAFile = 25)
{
    const int Steps = 12, PairsOfAPrompt = 5;

    /// <summary>Guidance scales of a prompt's images.</summary>
    internal static readonly double[] Scales = [4, 4, 4, 1, 1];

    /// <summary>Makes the files that are not there yet; each is complete or absent, and depends on nothing but its number.</summary>
    /// <param name="folder">Holds <c>pairs-0000.parquet</c> and so on.</param>
    /// <param name="files">How many.</param>
    /// <param name="progress">Told the number of files done.</param>
    /// <param name="cancel">Stops after the file at hand.</param>
    public void Create(string folder, int files, Action<int> progress, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        for (var file = 0; file < files; file++)
        {
            cancel.ThrowIfCancellationRequested();
            var path = PathOf(folder, file);
            if (!File.Exists(path)) PickAPicFile.Write(path, Examples(file));
            progress(file + 1);
        }
    }

    public static string PathOf(string folder, int file) => Path.Combine(folder, FormattableString.Invariant($"pairs-{file:0000}.parquet"));

    List<PreferenceExample> Examples(int file)
    {
        var prompts = Enumerable.Range(0, promptsOfAFile).Select(i => PromptSplit.Draw(seed, (uint)(file * promptsOfAFile + i), heldOut: false)).ToList();
        var columns = Scales.Select((scale, column) => Sample(prompts, scale, file, column)).ToList();
        var examples = new List<PreferenceExample>();
        for (var p = 0; p < prompts.Count; p++)
        {
            var random = new SceneRandom(seed, WorldDraw.Labels, (uint)(file * promptsOfAFile + p));
            foreach (var (a, b) in RandomPairs(ref random))
            {
                var (first, second) = (columns[a][p], columns[b][p]);
                var label = Utility.Label(first.Utility, second.Utility, ref random);
                examples.Add(new PreferenceExample(prompts[p].Caption, first.Png, second.Png, label, 1 - label, PairsOfAPrompt));
            }
        }
        return examples;
    }

    List<(byte[] Png, double Utility)> Sample(IReadOnlyList<SceneDescription> prompts, double scale, int file, int column)
    {
        using var scope = NewDisposeScope();
        var (bytes_BCHW, readings) = Draw(prompts, scale, file, column);
        return [.. prompts.Select((prompt, i) => (PngFile.Encode(bytes_BCHW[i].ToPixelImage(), new Dictionary<string, string>()),
            Utility.Of(readings[i].Aesthetics, Alignment.Of(prompt, readings[i].Objects).Soft)))];
    }

    /// <summary>One image of each prompt as bytes, [B, 3, 64, 64], and what the oracle sees in them.</summary>
    internal (Tensor Bytes_BCHW, IReadOnlyList<ImageReading> Readings) Draw(IReadOnlyList<SceneDescription> prompts, double scale, int file, int column)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(new SceneRandom(seed, WorldDraw.Noise, (uint)file, (uint)column).NextSeed());
        var size = model.LatentSize(null, null);
        long[] shape = [prompts.Count, size.Channels, size.Height, size.Width];
        var request = new TextToImageRequest { Prompts = [.. prompts.Select(p => p.Caption)], Steps = Steps, GuidanceScale = scale, Eta = 1 };
        var bytes_BCHW = new TextToImagePipeline(model).Generate(request, randn(shape, generator: generator), _ => randn(shape, generator: generator));
        return (bytes_BCHW.MoveToOuterDisposeScope(), oracle.Read(bytes_BCHW.to_type(ScalarType.Float32) / 127.5 - 1));
    }

    /// <summary>Distinct pairs, each in a random order.</summary>
    static List<(int, int)> RandomPairs(ref SceneRandom random)
    {
        var all = Enumerable.Range(0, Scales.Length).SelectMany(a => Enumerable.Range(a + 1, Scales.Length - a - 1).Select(b => (a, b))).ToList();
        var pairs = new List<(int, int)>();
        while (pairs.Count < PairsOfAPrompt)
        {
            var at = random.Below(all.Count);
            var (a, b) = all[at];
            all.RemoveAt(at);
            pairs.Add(random.Below(2) == 0 ? (a, b) : (b, a));
        }
        return pairs;
    }
}
