namespace SpoActors.Trainer.Training;

/// <summary>A line of <c>metrics.jsonl</c>: what a round did.</summary>
public sealed record RoundMetrics
{
    public required int Round { get; init; }
    public required int Prompts { get; init; }

    /// <summary>Pairs kept and trained on.</summary>
    public required int Pairs { get; init; }

    /// <summary>Kept pairs over all prompts and transitions.</summary>
    public required double ValidPairShare { get; init; }

    public required double ScoreMean { get; init; }
    public required double ScoreStd { get; init; }

    /// <summary>Means over the round's pairs; null where it had none.</summary>
    public double? Loss { get; init; }

    /// <summary>Implicit reward margin, beta (log r_win - log r_lose).</summary>
    public double? Margin { get; init; }

    /// <summary>Share of pairs with a positive margin.</summary>
    public double? Accuracy { get; init; }
    public double? RatioWin { get; init; }
    public double? RatioLose { get; init; }

    /// <summary>Share of probability ratios that were clamped.</summary>
    public double? ClippedShare { get; init; }

    /// <summary>Mean gradient norm of the round's optimizer steps.</summary>
    public double? GradientNorm { get; init; }

    public required double SampleSeconds { get; init; }
    public required double ScoreSeconds { get; init; }
    public required double TrainSeconds { get; init; }

    /// <summary>Hash chain over everything consumed up to and with this round.</summary>
    public required string ConsumedDigest { get; init; }
}
