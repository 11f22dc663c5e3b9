using SpoActors.ShapesWorld.World;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Method.Selection;
using SpoActors.Trainer.Pipelines;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Preference;

/// <summary>
/// A data set for the methods of own pairs: of several images of a prompt by the base model, the one that a judge likes best and the one that
/// it likes least, chosen as SPO chooses its candidates. The oracle has no part in it.
/// </summary>
/// <param name="model">Draws the images.</param>
/// <param name="judge">Compares the finished images.</param>
/// <param name="seed">Of the noise and of the images' places.</param>
public sealed class JudgedPairs(DiffusionModel model, IJudge judge, ulong seed)
{
    const int Steps = 20, PromptsTogether = 16;
    const double GuidanceScale = 4;

    /// <summary>A pair of each prompt whose best and worst image are far enough apart, in the order of the prompts.</summary>
    /// <param name="prompts">Training captions.</param>
    /// <param name="candidates">Images of a prompt, 2 or more.</param>
    /// <param name="threshold">Smallest difference of the two images' probabilities to win, exclusive.</param>
    /// <param name="progress">Told the number of prompts done.</param>
    /// <param name="cancel">Stops after the images at hand.</param>
    public IReadOnlyList<PreferenceExample> Create(IReadOnlyList<string> prompts, int candidates, double threshold, Action<int> progress, CancellationToken cancel)
    {
        var examples = new List<PreferenceExample>();
        foreach (var some in Enumerable.Range(0, prompts.Count).Chunk(PromptsTogether))
        {
            cancel.ThrowIfCancellationRequested();
            examples.AddRange(Pairs([.. some.Select(i => prompts[i])], (uint)some[0], candidates, threshold));
            progress(some[^1] + 1);
        }
        return examples;
    }

    List<PreferenceExample> Pairs(string[] prompts, uint first, int candidates, double threshold)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        // Candidate by candidate, the prompts in their order.
        string[] rows = [.. Enumerable.Repeat(prompts, candidates).SelectMany(p => p)];
        var bytes_NCHW = Draw(rows, first);
        using var prepared = judge.Prepare(rows);
        // What is judged is what the file shows: finished images, rounded to bytes.
        var scores_N = judge.Score(bytes_NCHW.to_type(ScalarType.Float32) / 127.5 - 1, prepared, zeros(rows.Length));
        var selection = PairSelection.BestAndWorst(scores_N.view(candidates, prompts.Length), threshold, judge.Scale);
        var examples = new List<PreferenceExample>();
        for (var b = 0; b < prompts.Length; b++)
        {
            if (!selection.IsValid[b]) continue;
            var (win, lose) = (Png(bytes_NCHW, selection.Win[b], b, prompts.Length), Png(bytes_NCHW, selection.Lose[b], b, prompts.Length));
            var winIsFirst = new SceneRandom(seed, WorldDraw.Labels, first + (uint)b).Below(2) == 0;
            examples.Add(winIsFirst ? new PreferenceExample(prompts[b], win, lose, 1, 0) : new PreferenceExample(prompts[b], lose, win, 0, 1));
        }
        return examples;
    }

    Tensor Draw(string[] rows, uint first)
    {
        using var generator = new Generator(new SceneRandom(seed, WorldDraw.Noise, first).NextSeed());
        var size = model.LatentSize(null, null);
        long[] shape = [rows.Length, size.Channels, size.Height, size.Width];
        var request = new TextToImageRequest { Prompts = rows, Steps = Steps, GuidanceScale = GuidanceScale, Eta = 1 };
        return new TextToImagePipeline(model).Generate(request, randn(shape, generator: generator), _ => randn(shape, generator: generator));
    }

    static byte[] Png(Tensor bytes_NCHW, long candidate, int prompt, int prompts)
    {
        using var image_CHW = bytes_NCHW[candidate * prompts + prompt];
        return PngFile.Encode(image_CHW.ToPixelImage(), new Dictionary<string, string>());
    }
}
