namespace SpoActors.Trainer.Judges.Training;

/// <summary>A line of a preference training's <c>metrics.jsonl</c>: what a step did.</summary>
public sealed record JudgeStepMetrics
{
    /// <summary>0-based.</summary>
    public required int Step { get; init; }

    /// <summary>Pairs trained on.</summary>
    public required int Pairs { get; init; }

    /// <summary>Before the step.</summary>
    public required double Loss { get; init; }

    /// <summary>Share of the step's decided pairs whose winner has the larger score; null where all are ties.</summary>
    public double? Accuracy { get; init; }

    /// <summary>Of all parameters together, before clipping.</summary>
    public required double GradientNorm { get; init; }

    public required double LearningRate { get; init; }

    /// <summary>Time for decoding and distorting the images.</summary>
    public required double PrepareSeconds { get; init; }

    /// <summary>Time for the preference model's gradients and the update.</summary>
    public required double TrainSeconds { get; init; }
}

/// <summary>A line of <c>validation.jsonl</c>: how often the model agrees with the labels at a timestep.</summary>
/// <param name="Step">Optimizer steps done before.</param>
/// <param name="Timestep">Diffusion timestep of the images; 0 for the images as they are.</param>
/// <param name="Pairs">Pairs counted.</param>
/// <param name="Accuracy">Share of agreement; NaN where no pair counts.</param>
public sealed record TimestepAccuracy(int Step, int Timestep, int Pairs, double Accuracy)
{
    /// <summary>Half of the 95 % interval, by the normal approximation of the binomial.</summary>
    public double HalfInterval => 1.96 * Math.Sqrt(Accuracy * (1 - Accuracy) / Pairs);
}
