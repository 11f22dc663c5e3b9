using SpoActors.ShapesWorld.Training;
using SpoActors.Trainer.Judges.Training;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Preference;

/// <summary>Fine-tunes the CLIP, all weights, into a model of preferences: PickScore of this world.</summary>
public sealed class PickScoreStage : ITrainingStage
{
    const int BatchSize = 32;
    const double PeakRate = 5e-4;

    readonly ClipModel clip;
    readonly PairSource pairs;
    readonly IPromptTokenizer tokenizer;

    /// <param name="clip">Pre-trained; owned by the stage from now on.</param>
    /// <param name="pairs">Training pairs.</param>
    /// <param name="tokenizer">The CLIP's.</param>
    /// <param name="steps">Steps in all.</param>
    public PickScoreStage(ClipModel clip, PairSource pairs, IPromptTokenizer tokenizer, int steps)
    {
        (this.clip, this.pairs, this.tokenizer, Steps) = (clip, pairs, tokenizer, steps);
        Optimizer = TrainableModule.Optimizer(clip, weightDecay: 0.1);
        State = TrainableModule.Tensors(clip);
    }

    public int Steps { get; }

    public SpoActors.Trainer.Optimization.AdamW Optimizer { get; }

    public IReadOnlyDictionary<string, Tensor> State { get; }

    public double LearningRate(int step) => LearningRates.OneCycle(step, Steps, PeakRate);

    public double ComputeGradients(int step)
    {
        var batch = pairs.Batch(step, BatchSize);
        var text_BP = ClipFeatures.Normalize(clip.TextFeatures(tokenizer.EncodeBatch([.. batch.Select(p => p.Caption)])));
        var images_BCHW = ImageTensors.FromBytes([.. batch.Select(p => p.First.Data), .. batch.Select(p => p.Second.Data)]);
        var images = ClipFeatures.Normalize(clip.ImageFeatures(images_BCHW)).chunk(2);
        var loss = PreferenceCriterion.Loss(new PairFeatures(text_BP, images[0], images[1], clip.LogitScale.exp()), new PairLabelling().Of(batch));
        loss.backward();
        return loss.item<float>();
    }

    public IReadOnlyDictionary<string, double> Export(string folder)
    {
        ClipFolders.WriteDual(folder, ClipStage.Config, State);
        return new Dictionary<string, double> { ["logit_scale"] = clip.LogitScale.exp().item<float>(), ["model_pairs"] = pairs.ModelPairs };
    }

    public void Dispose()
    {
        Optimizer.Dispose();
        clip.Dispose();
        pairs.Dispose();
    }
}
