using SpoActors.ShapesWorld.Training;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Preference.Training;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Preference;

/// <summary>
/// Trains the step-aware preference model (paper section 4.1): both images of a pair are noised to the same random timestep with the
/// same noise, and the judge, which knows the timestep (or, as an ablation, does not), learns the pair's label from the base model's decoded predictions.
/// </summary>
public sealed class SpmStage : ITrainingStage
{
    const int BatchSize = 16;
    const double PeakRate = 3e-4, GuidanceScale = 4;

    readonly JudgeNetwork network;
    readonly PairSource pairs;
    readonly DiffusionModel model;
    readonly PairDistortion distortion;
    readonly IPromptTokenizer tokenizer;
    readonly ulong seed;

    /// <param name="network">A judge that still scores as PickScore does; owned by the stage from now on.</param>
    /// <param name="pairs">Training pairs; owned too.</param>
    /// <param name="model">The base model, frozen.</param>
    /// <param name="tokenizer">The judge's.</param>
    /// <param name="seed">Of timesteps and noise.</param>
    /// <param name="steps">Steps in all.</param>
    public SpmStage(JudgeNetwork network, PairSource pairs, DiffusionModel model, IPromptTokenizer tokenizer, ulong seed, int steps)
    {
        (this.network, this.pairs, this.model, this.tokenizer, this.seed, Steps) = (network, pairs, model, tokenizer, seed, steps);
        distortion = new PairDistortion(model.UNet, model.Decoder.Vae, model.Schedule, GuidanceScale);
        Optimizer = TrainableModule.Optimizer(network.Module, weightDecay: 0.1);
        State = TrainableModule.Tensors(network.Module);
    }

    public int Steps { get; }

    public SpoActors.Trainer.Optimization.AdamW Optimizer { get; }

    public IReadOnlyDictionary<string, Tensor> State { get; }

    public double LearningRate(int step) => LearningRates.OneCycle(step, Steps, PeakRate);

    public double ComputeGradients(int step)
    {
        var batch = pairs.Batch(step, BatchSize);
        using var generator = TrainableModule.Noise(seed ^ 0x59A, step);
        var size = model.LatentSize(null, null);
        long[] shape = [BatchSize, size.Channels, size.Height, size.Width];
        var timesteps_B = randint(0, model.Schedule.Config.NumTrainTimesteps, [BatchSize], ScalarType.Int64, generator: generator);
        var noise_BChw = randn(shape, generator: generator);
        var encoderNoise_BChw = randn([2 * BatchSize, .. shape[1..]], generator: generator);
        var both_B = cat([timesteps_B, timesteps_B]);
        var images_BCHW = distortion.Distort(cat([batch.First_BCHW, batch.Second_BCHW]), both_B, encoderNoise_BChw, cat([noise_BChw, noise_BChw]),
            Negative(), model.Prompts.Encode([.. batch.Captions, .. batch.Captions])).Decoded.clamp(-1, 1);

        var text_BP = ClipFeatures.Normalize(network.TextFeatures(tokenizer.EncodeBatch(batch.Captions)));
        var features = ClipFeatures.Normalize(network.ImageFeatures(images_BCHW, both_B)).chunk(2);
        var loss = PreferenceCriterion.Loss(new PairFeatures(text_BP, features[0], features[1], network.LogitScale.exp()), batch.Labels);
        loss.backward();
        return loss.item<float>();
    }

    public IReadOnlyDictionary<string, double> Export(string folder)
    {
        ClipFolders.WriteDual(folder, ClipStage.Config, State);
        return new Dictionary<string, double> { ["logit_scale"] = network.LogitScale.exp().item<float>() };
    }

    public void Dispose()
    {
        Optimizer.Dispose();
        network.Module.Dispose();
        pairs.Dispose();
    }

    UNetConditioning Negative() => new(model.Prompts.EncodeUnconditional().EncoderHiddenStates.expand(2 * BatchSize, -1, -1));
}
