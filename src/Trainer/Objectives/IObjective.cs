using static TorchSharp.torch;

namespace SpoActors.Trainer.Objectives;

/// <summary>
/// What is minimised. An objective says what it must be given for each sample, and turns that into a loss and named metrics; where samples
/// come from, how networks are called and how the optimizer steps is not its concern. Stateless.
/// </summary>
public interface IObjective
{
    /// <summary>Networks, other than the policy, whose predictions it needs.</summary>
    ObjectiveNetworks Networks { get; }

    /// <summary>What its samples are.</summary>
    SampleKind Samples { get; }

    /// <summary>The loss of a minibatch.</summary>
    /// <param name="inputs">What it asked for; every tensor has M rows, one a sample.</param>
    /// <returns>In the caller's dispose scope.</returns>
    ObjectiveResult Compute(ObjectiveInputs inputs);
}

/// <summary>Networks that are asked for a prediction without a gradient.</summary>
[Flags]
public enum ObjectiveNetworks
{
    None = 0,

    /// <summary>The base model: the adapter switched off.</summary>
    Reference = 1,

    /// <summary>A moving average of the policy.</summary>
    Slow = 2,
}

/// <summary>What a sample is made of; each flow makes one kind or several.</summary>
public enum SampleKind
{
    /// <summary>A win and a lose transition x_t → x_{t-1}.</summary>
    TransitionPair,

    /// <summary>One transition with an advantage and the log-probability under the policy that sampled it.</summary>
    Transition,

    /// <summary>A win and a lose image, noised to one timestep with one noise.</summary>
    NoisedPair,
}

/// <summary>A minibatch as an objective sees it.</summary>
/// <remarks>Shape letters: M samples, C channels, H and W latent rows and columns.</remarks>
public sealed record ObjectiveInputs
{
    /// <summary>How x moves; turns predictions into log-probabilities.</summary>
    public required Diffusion.IDiffusionProcess Process { get; init; }

    /// <summary>The preferred side, or the only one.</summary>
    public required SampleSide Win { get; init; }

    /// <summary>The other side; null where samples have one.</summary>
    public SampleSide? Lose { get; init; }

    /// <summary>Whether the pair says anything, [M]: 1 for a preference, 0 for a tie.</summary>
    public Tensor? Preference_M { get; init; }

    /// <summary>Advantage of the transition, [M].</summary>
    public Tensor? Advantage_M { get; init; }

    /// <summary>Log-probability of the transition under the policy that sampled it, [M].</summary>
    public Tensor? SampledLogProb_M { get; init; }
}

/// <summary>One side of every sample.</summary>
public sealed record SampleSide
{
    /// <summary>t, [M].</summary>
    public required Tensor Timesteps_M { get; init; }

    /// <summary>x_t, [M, C, H, W].</summary>
    public required Tensor Current_MCHW { get; init; }

    /// <summary>x_{t-1}, [M, C, H, W]; null for noised images.</summary>
    public Tensor? Next_MCHW { get; init; }

    /// <summary>The standard normal noise that made x_{t-1} from its mean, or x_t from the image, [M, C, H, W]; given where it is asked for.</summary>
    public Tensor? Noise_MCHW { get; init; }

    /// <summary>What the model should have predicted of a noised image: noise, v or x_0, [M, C, H, W].</summary>
    public Tensor? Target_MCHW { get; init; }

    /// <summary>The policy's prediction, with its gradient, float32, [M, C, H, W].</summary>
    public required Tensor Policy_MCHW { get; init; }

    /// <summary>The reference's prediction; null where it was not asked for.</summary>
    public Tensor? Reference_MCHW { get; init; }

    /// <summary>The slow copy's prediction; null where it was not asked for.</summary>
    public Tensor? Slow_MCHW { get; init; }
}

/// <summary>The loss of a minibatch.</summary>
/// <param name="Loss">Scalar to call backward on: the mean of <paramref name="LossPerSample"/>, in value.</param>
/// <param name="LossPerSample">[M], detached.</param>
/// <param name="MetricNames">Names of the metrics, in snake_case (<see cref="ObjectiveMetrics"/> has those that several objectives share).</param>
/// <param name="Metrics">Their means over the minibatch, a vector, detached.</param>
public sealed record ObjectiveResult(Tensor Loss, Tensor LossPerSample, IReadOnlyList<string> MetricNames, Tensor Metrics)
{
    /// <summary>The metrics by name. Waits for the device, so call it after the backward pass is queued.</summary>
    public IReadOnlyDictionary<string, double> ReadMetrics()
    {
        using var scope = NewDisposeScope();
        var values = Metrics.to(ScalarType.Float64).cpu().data<double>().ToArray();
        return MetricNames.Zip(values).ToDictionary(m => m.First, m => m.Second);
    }
}

/// <summary>Metrics that several objectives share, and that terminals, curves and dashboards know.</summary>
public static class ObjectiveMetrics
{
    /// <summary>The loss.</summary>
    public const string Loss = "loss";

    /// <summary>Implicit reward margin, without any clamp.</summary>
    public const string Margin = "margin";

    /// <summary>Share of samples with a positive margin.</summary>
    public const string Accuracy = "accuracy";

    /// <summary>Clamped ratio of policy to reference of the win side.</summary>
    public const string WinRatio = "ratio_win";

    /// <summary>Clamped ratio of policy to reference of the lose side.</summary>
    public const string LoseRatio = "ratio_lose";

    /// <summary>Share of ratios that the clamp changed; they pass no gradient.</summary>
    public const string ClipShare = "clipped_share";

    /// <summary>Exact KL of a step to the base model, a mean over elements.</summary>
    public const string Kl = "kl";
}
