using SpoActors.Specification;
using SpoActors.Trainer.Models.Layers;
using SpoActors.Trainer.Optimization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges.Training;

/// <summary>A batch as the preference model sees it.</summary>
/// <param name="InputIds_BL">Token ids of the prompts.</param>
/// <param name="First_BCHW">Pixel values of the first images, as <see cref="JudgePreprocessing.ForTraining"/> makes them.</param>
/// <param name="Second_BCHW">Pixel values of the second images.</param>
/// <param name="Timesteps_B">Timestep of each pair.</param>
/// <param name="Labels">Which image is preferred.</param>
public sealed record PairBatch(Tensor InputIds_BL, Tensor First_BCHW, Tensor Second_BCHW, Tensor Timesteps_B, PairLabels Labels);

/// <summary>What an optimizer step did.</summary>
/// <param name="Loss">Before the step.</param>
/// <param name="GradientNorm">Of all parameters together, before clipping.</param>
/// <param name="LearningRate">Of this step.</param>
public sealed record PreferenceStep(double Loss, double GradientNorm, double LearningRate);

/// <summary>A part of a batch, computed.</summary>
/// <param name="Loss">The part's share of the batch's loss.</param>
/// <param name="Accuracy">Share of the preferred image wherever it has the larger score; ties in the labels are left out.</param>
/// <param name="Decided">Pairs that are no ties.</param>
public sealed record PartialBatch(double Loss, double Accuracy, int Decided);

/// <summary>
/// Trains every parameter of a preference model: text tower, projections and temperature included (paper section 4.1).
/// </summary>
public sealed class PreferenceTrainer : IDisposable
{
    readonly JudgeNetwork network;
    readonly MasterWeights weights;
    readonly WarmupDecay schedule;
    readonly AdamW optimizer;
    readonly bool inBatchNegatives;

    /// <param name="network">Float32; made trainable here, and converted to <paramref name="precision"/>.</param>
    /// <param name="optimizer">Betas, epsilon, weight decay, clipping; the rate comes from the schedule.</param>
    /// <param name="schedule">Learning rate by step.</param>
    /// <param name="inBatchNegatives">See <see cref="PreferenceCriterion"/>.</param>
    /// <param name="precision">Type in which the network computes; the weights that are trained are float32 always.</param>
    public PreferenceTrainer(
        JudgeNetwork network, OptimizerSpecification optimizer, WarmupDecay schedule, bool inBatchNegatives = false, ScalarType precision = ScalarType.Float32)
    {
        (this.network, this.schedule, this.inBatchNegatives) = (network, schedule, inBatchNegatives);
        weights = new MasterWeights(network.Module, precision);
        this.optimizer = new AdamW(weights.Named, optimizer);
    }

    /// <summary>The original's optimizer: AdamW with weight decay 0.3 on everything, gradients clipped at norm 1.</summary>
    public static OptimizerSpecification OriginalOptimizer { get; } = new() { LearningRate = 3e-6, WeightDecay = 0.3, MaxGradNorm = 1 };

    /// <summary>Optimizer steps done.</summary>
    public int Steps { get; private set; }

    /// <summary>Computes the loss and its gradients, which replace any earlier ones.</summary>
    public double Backward(PairBatch batch)
    {
        using var scope = NewDisposeScope();
        optimizer.ZeroGrad();
        return Accumulate(batch, batch.Labels.Weights()).Loss;
    }

    /// <summary>Adds the gradients of a part of a step's batch.</summary>
    /// <param name="part">The part.</param>
    /// <param name="weights_B">Weights of its pairs, normalised over the whole batch: then the parts' sum is the batch's loss.</param>
    public PartialBatch Accumulate(PairBatch part, Tensor weights_B)
    {
        using var scope = NewDisposeScope();
        var features = network.Features(part);
        var loss = PreferenceCriterion.Loss(features, part.Labels, weights_B, inBatchNegatives);
        Backpropagation.Run(loss);
        weights.TakeGradients();
        using var noGradient = no_grad();
        var decided_B = part.Labels.Decided();
        var correct = (part.Labels.Accuracy(features.Scores()) * decided_B).sum();
        return new PartialBatch(loss.item<float>(), correct.item<float>(), (int)decided_B.sum().item<float>());
    }

    /// <summary>Updates the weights with the gradients accumulated.</summary>
    /// <param name="loss">Of the whole batch, for the result.</param>
    public PreferenceStep Update(double loss)
    {
        optimizer.LearningRate = schedule.At(Steps++);
        var norm = optimizer.Step();
        optimizer.ZeroGrad();
        weights.Publish();
        return new PreferenceStep(loss, norm, optimizer.LearningRate);
    }

    /// <summary>One optimizer step on a batch.</summary>
    public PreferenceStep Step(PairBatch batch) => Update(Backward(batch));

    /// <summary>Scores of both images of each pair, float32 [B, 2]; no gradient.</summary>
    public Tensor Score(PairBatch batch)
    {
        using var noGradient = no_grad();
        using var scope = NewDisposeScope();
        return network.Features(batch).Scores().MoveToOuterDisposeScope();
    }

    /// <summary>The trained weights by the network's keys: the live tensors.</summary>
    public IReadOnlyDictionary<string, Tensor> Weights() => weights.Named.ToDictionary(w => w.Name, w => (Tensor)w.Parameter, StringComparer.Ordinal);

    /// <summary>The optimizer's state; see <see cref="AdamW.State"/>.</summary>
    public IReadOnlyDictionary<string, Tensor> OptimizerState() => optimizer.State();

    /// <summary>Goes on from a saved state, bit for bit.</summary>
    /// <param name="steps">Optimizer steps done.</param>
    /// <param name="trained">As <see cref="Weights"/> gave them.</param>
    /// <param name="state">As <see cref="OptimizerState"/> gave it.</param>
    /// <exception cref="ArgumentException">They are not of this network.</exception>
    public void Load(int steps, IReadOnlyDictionary<string, Tensor> trained, IReadOnlyDictionary<string, Tensor> state)
    {
        using var noGradient = no_grad();
        var own = Weights();
        var problems = own.Keys.Except(trained.Keys).Select(k => $"{k} is missing")
            .Concat(trained.Keys.Except(own.Keys).Select(k => $"{k} is not expected"))
            .Concat(own.Keys.Intersect(trained.Keys).Where(k => !own[k].shape.SequenceEqual(trained[k].shape)).Select(k => $"{k} has another shape"));
        if (string.Join("; ", problems) is { Length: > 0 } found) throw new ArgumentException($"the weights are not of this network: {found}", nameof(trained));
        foreach (var (key, target) in own) target.copy_(trained[key]);
        optimizer.LoadState(state);
        weights.Publish();
        Steps = steps;
    }

    public void Dispose()
    {
        optimizer.Dispose();
        weights.Dispose();
    }
}
