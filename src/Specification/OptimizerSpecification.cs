namespace SpoActors.Specification;

/// <summary>AdamW, its learning rate over the run, what keeps its gradients in range, and an average of the weights.</summary>
public sealed record OptimizerSpecification
{
    /// <summary>Step size; with a schedule, the largest one.</summary>
    public double LearningRate { get; init; } = 6e-5;

    /// <summary>Decay of the mean of the gradients.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the mean of their squares.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the denominator.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay.</summary>
    public double WeightDecay { get; init; } = 1e-4;

    /// <summary>
    /// Largest gradient norm; null for none. The reference asks for 1.0 but hands clip_grad_norm_ an exhausted iterator, so it never
    /// clips: null reproduces it.
    /// </summary>
    public double? MaxGradNorm { get; init; }

    /// <summary>
    /// Multiply the loss before the backward pass and divide the gradients afterwards, by a factor that adapts itself, so that small
    /// gradients survive float16. auto: where <c>model.dtype</c> is float16. dynamic: always. none: never; refused with float16.
    /// </summary>
    public LossScaling LossScaling { get; init; } = LossScaling.Auto;

    public ScheduleSpecification Schedule { get; init; } = new();
    public EmaSpecification Ema { get; init; } = new();
}

public enum LossScaling { Auto, Dynamic, None }

/// <summary>The learning rate by optimizer step, as diffusers' <c>get_scheduler</c>.</summary>
public sealed record ScheduleSpecification
{
    /// <summary>Its shape. A warm-up starts at 0: the first step then changes nothing but AdamW's moments.</summary>
    public ScheduleKind Kind { get; init; } = ScheduleKind.Constant;

    /// <summary>Optimizer steps until the full rate is reached, in equal parts.</summary>
    public int WarmupSteps { get; init; }

    /// <summary>
    /// Optimizer steps, warm-up included, after which the rate has fallen; needed by every kind that falls, since the number of a run's
    /// steps depends on how many pairs are kept. Past it linear and cosine_with_restarts stay at 0, polynomial at 1e-7, and cosine rises again.
    /// </summary>
    public int? Steps { get; init; }

    /// <summary>cosine_with_restarts: how many times the rate falls from its full height.</summary>
    public int Cycles { get; init; } = 1;

    /// <summary>polynomial: the exponent; 1 is a straight line.</summary>
    public double Power { get; init; } = 1;
}

public enum ScheduleKind { Constant, ConstantWithWarmup, Linear, Cosine, CosineWithRestarts, Polynomial }

/// <summary>An exponential moving average of the LoRA, saved beside the final one.</summary>
public sealed record EmaSpecification
{
    /// <summary>Share of itself that the average keeps at an optimizer step, at most; null keeps no average. diffusers' usual value is 0.9999.</summary>
    public double? Decay { get; init; }

    /// <summary>
    /// How the decay rises. ratio: (1 + n) / (10 + n) at the n-th step, diffusers' default. power: 1 - (1 + n / inv_gamma)^-power, diffusers'
    /// warm-up. none: at once (GradSPO, Linear-DPO).
    /// </summary>
    public EmaRamp Ramp { get; init; } = EmaRamp.Ratio;

    /// <summary>Least decay, once averaging has begun.</summary>
    public double MinDecay { get; init; }

    /// <summary>Optimizer steps during which the average only follows the weights.</summary>
    public int UpdateAfterStep { get; init; }

    /// <summary>ramp power: steps that count as one.</summary>
    public double InvGamma { get; init; } = 1;

    /// <summary>ramp power: the exponent. 2/3 for a million steps and more, 3/4 for fewer.</summary>
    public double Power { get; init; } = 2.0 / 3;
}

public enum EmaRamp { Ratio, Power, None }
