namespace SpoActors.Specification;

/// <summary>
/// What is minimised. A setting that is null has the value that its method was published with (docs/objectives.md); one that the method
/// does not use must be null.
/// </summary>
[BelongsToKind]
public sealed record ObjectiveSpecification
{
    /// <summary>spo, mspo, d3po, ddpo, diffusion_dpo, mapo, lpo, grad_spo, sdpo, linear_dpo, or an objective that the program registers.</summary>
    public string Kind { get; init; } = "spo";

    /// <summary>Strength of the pull towards the reference; of mapo, weight of the preference term. spo, mspo and grad_spo: 10.</summary>
    public double? Beta { get; init; }

    /// <summary>Probability ratios are clamped to 1 - eps .. 1 + eps: spo, mspo, d3po, lpo, grad_spo, published with 0.1.</summary>
    public double? Eps { get; init; }

    /// <summary>
    /// Use classifier-free guidance inside the loss, with the sampling scale. Published with it: spo, mspo, d3po, ddpo, lpo, grad_spo;
    /// without: the methods of own pairs.
    /// </summary>
    public bool? Guidance { get; init; }

    /// <summary>How a margin becomes a loss: spo, mspo, d3po, lpo, grad_spo, diffusion_dpo and sdpo's diffusion_dpo; null for sigmoid.</summary>
    public LinkKind? Link { get; init; }

    /// <summary>Share of preferences taken to be the wrong way round, 0 to below 0.5: links sigmoid and robust.</summary>
    public double? LabelSmoothing { get; init; }

    /// <summary>
    /// Trust region: samples whose step's KL to the base model (a mean over elements) exceeds it pass no gradient, but stay in the mean.
    /// Null for none. Methods of transitions; ddpo then asks the base model too.
    /// </summary>
    public double? KlLimit { get; init; }

    /// <summary>ddpo: probability ratios are clipped to 1 - clip_range .. 1 + clip_range; published with 1e-4.</summary>
    public double? ClipRange { get; init; }

    /// <summary>ddpo: advantages are clamped to ± this; published with 5.</summary>
    public double? AdvantageClip { get; init; }

    /// <summary>ddpo: normalise rewards by the statistics of their prompt; false by those of the round.</summary>
    public bool? PerPromptStatistics { get; init; }

    /// <summary>ddpo: rewards of a prompt that its statistics remember; published with 16.</summary>
    public int? StatisticsBuffer { get; init; }

    /// <summary>ddpo: rewards of a prompt from which its own statistics count, the round's before; published with 16.</summary>
    public int? StatisticsMinimum { get; init; }

    /// <summary>grad_spo: how far the targets lie from the slow copy's prediction; published with 0.5.</summary>
    public double? GradScale { get; init; }

    /// <summary>Decay of the slow copy, a moving average of the policy: grad_spo (published with 0.9), linear_dpo (0.95 to 0.995).</summary>
    public double? SlowDecay { get; init; }

    /// <summary>mapo: s, steepness of the score of an error; published with 0.5.</summary>
    public double? SnrValue { get; init; }

    /// <summary>mapo: factor of the scores' difference; published with 1000, the timesteps of training.</summary>
    public double? ScoreScale { get; init; }

    /// <summary>sdpo: the loss that the safeguard is put on.</summary>
    public SdpoVariant? Variant { get; init; }

    /// <summary>sdpo: scale the losing side's gradient so that the winner's error does not rise; false for the plain method.</summary>
    public bool? WinnerPreserving { get; init; }

    /// <summary>sdpo: safeguard, 0 (only as much as needed) to 1 (the losing side passes no gradient that would hurt).</summary>
    public double? Mu { get; init; }

    /// <summary>sdpo's dmpo: the probability of preferring the win is drawn to 1 - alpha; published with 0.01.</summary>
    public double? Alpha { get; init; }

    /// <summary>linear_dpo: the weight of a pair is clamped to min_weight .. 1 - min_weight; published with 1e-3.</summary>
    public double? MinWeight { get; init; }
}

/// <summary>How the margin of a pair becomes a loss.</summary>
public enum LinkKind { Sigmoid, Hinge, Ipo, Robust, Linear }

/// <summary>The losses that Diffusion-SDPO was published with; dspo_sdxl is another formula than dspo.</summary>
public enum SdpoVariant { DiffusionDpo, Dmpo, Dspo, DspoSdxl }
