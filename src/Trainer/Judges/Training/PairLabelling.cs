using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges.Training;

/// <summary>Where the labels of pairs come from: the data set, or another model's verdict on the undistorted images.</summary>
public sealed class PairLabelling : IDisposable
{
    readonly ClipModel? judge;
    readonly ClipImageProcessor? processor;
    readonly IPromptTokenizer? tokenizer;
    readonly double threshold;

    /// <summary>The data set's labels.</summary>
    public PairLabelling()
    {
    }

    /// <summary>A plain preference model's verdicts, as the original labels its pairs for SDXL.</summary>
    /// <param name="judge">Owned from now on; on the device where it runs.</param>
    /// <param name="processor">Its preprocessing of pictures.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="threshold">See <see cref="PairLabels.FromScores"/>.</param>
    public PairLabelling(ClipModel judge, ClipImageProcessor processor, IPromptTokenizer tokenizer, double threshold) =>
        (this.judge, this.processor, this.tokenizer, this.threshold) = (judge, processor, tokenizer, threshold);

    /// <summary>Labels of pairs, float32 on the CPU.</summary>
    public PairLabels Of(IReadOnlyList<LabelledPair> pairs)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        var examples_B = tensor(pairs.Select(p => (long)p.ExamplesPerPrompt).ToArray());
        var labels = judge is null
            ? new PairLabels(tensor(pairs.Select(p => (float)p.Label0).ToArray()), tensor(pairs.Select(p => (float)p.Label1).ToArray()), examples_B)
            : Verdicts(judge, pairs, examples_B);
        foreach (var part in new[] { labels.First_B, labels.Second_B, labels.ExamplesPerPrompt_B }) part.MoveToOuterDisposeScope();
        return labels;
    }

    public void Dispose() => judge?.Dispose();

    PairLabels Verdicts(ClipModel model, IReadOnlyList<LabelledPair> pairs, Tensor examples_B)
    {
        var device = model.LogitScale.device;
        var text_BP = ClipFeatures.Normalize(model.TextFeatures(tokenizer!.EncodeBatch([.. pairs.Select(p => p.Caption)]).to(device)));
        Tensor Scores(Func<LabelledPair, PixelImage> image) => ClipFeatures.RowScores(
            model.LogitScale, model.ImageFeatures(stack([.. pairs.Select(p => processor!.Process(image(p)))]).to(device)), text_BP);
        return PairLabels.FromScores(stack([Scores(p => p.First), Scores(p => p.Second)], -1).cpu(), examples_B, threshold);
    }
}
