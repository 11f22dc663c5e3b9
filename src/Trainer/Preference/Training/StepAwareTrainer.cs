using SpoActors.Specification;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Optimization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Preference.Training;

/// <summary>A batch as the step-aware model sees it.</summary>
/// <param name="InputIds_BL">Token ids of the prompts.</param>
/// <param name="First_BCHW">Pixel values of the first images, as <see cref="PreferencePreprocessing.ForTraining"/> makes them.</param>
/// <param name="Second_BCHW">Pixel values of the second images.</param>
/// <param name="Timesteps_B">Timestep of each pair.</param>
/// <param name="Labels">Which image is preferred.</param>
public sealed record PairBatch(Tensor InputIds_BL, Tensor First_BCHW, Tensor Second_BCHW, Tensor Timesteps_B, PairLabels Labels);

/// <summary>What an optimizer step did.</summary>
/// <param name="Loss">Before the step.</param>
/// <param name="GradientNorm">Of all parameters together, before clipping.</param>
/// <param name="LearningRate">Of this step.</param>
public sealed record PreferenceStep(double Loss, double GradientNorm, double LearningRate);

/// <summary>
/// Trains every parameter of a step-aware preference model: text tower, projections and temperature included (paper section 4.1).
/// </summary>
public sealed class StepAwareTrainer : IDisposable
{
    readonly TimeConditionedClipModel network;
    readonly WarmupDecay schedule;
    readonly AdamW optimizer;
    readonly bool inBatchNegatives;

    /// <param name="network">Float32; made trainable here.</param>
    /// <param name="optimizer">Betas, epsilon, weight decay, clipping; the rate comes from the schedule.</param>
    /// <param name="schedule">Learning rate by step.</param>
    /// <param name="inBatchNegatives">See <see cref="PreferenceCriterion.Loss"/>.</param>
    public StepAwareTrainer(TimeConditionedClipModel network, OptimizerSpecification optimizer, WarmupDecay schedule, bool inBatchNegatives = false)
    {
        (this.network, this.schedule, this.inBatchNegatives) = (network, schedule, inBatchNegatives);
        foreach (var parameter in network.parameters()) parameter.requires_grad_();
        this.optimizer = new AdamW(network.named_parameters(), optimizer);
    }

    /// <summary>The original's optimizer: AdamW with weight decay 0.3 on everything, gradients clipped at norm 1.</summary>
    public static OptimizerSpecification OriginalOptimizer { get; } = new() { LearningRate = 3e-6, WeightDecay = 0.3, MaxGradNorm = 1 };

    /// <summary>Optimizer steps done.</summary>
    public int Steps { get; private set; }

    /// <summary>Features of a batch, with gradients where they are enabled.</summary>
    public PairFeatures Features(PairBatch batch)
    {
        using var scope = NewDisposeScope();
        var features = new PairFeatures(
            ClipFeatures.Normalize(network.TextFeatures(batch.InputIds_BL)),
            ClipFeatures.Normalize(network.ImageFeatures(batch.First_BCHW, batch.Timesteps_B)),
            ClipFeatures.Normalize(network.ImageFeatures(batch.Second_BCHW, batch.Timesteps_B)),
            network.LogitScale.exp());
        foreach (var tensor in new[] { features.Text_BP, features.First_BP, features.Second_BP, features.Scale }) tensor.MoveToOuterDisposeScope();
        return features;
    }

    /// <summary>Computes the loss and its gradients, which replace any earlier ones.</summary>
    public double Backward(PairBatch batch)
    {
        using var scope = NewDisposeScope();
        optimizer.ZeroGrad();
        var loss = PreferenceCriterion.Loss(Features(batch), batch.Labels, inBatchNegatives);
        loss.backward();
        return loss.item<float>();
    }

    /// <summary>One optimizer step on a batch.</summary>
    public PreferenceStep Step(PairBatch batch)
    {
        var loss = Backward(batch);
        optimizer.LearningRate = schedule.At(Steps++);
        var norm = optimizer.Step();
        optimizer.ZeroGrad();
        return new PreferenceStep(loss, norm, optimizer.LearningRate);
    }

    public void Dispose() => optimizer.Dispose();
}
