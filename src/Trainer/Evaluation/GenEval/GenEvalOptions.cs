namespace SpoActors.Trainer.Evaluation.GenEval;

/// <summary>The scorer's options, with its own defaults; published numbers use the defaults.</summary>
public sealed record GenEvalOptions
{
    public static GenEvalOptions Default { get; } = new();

    /// <summary>An object counts if its score is greater than this; compared in float32.</summary>
    public double Threshold { get; init; } = 0.3;

    /// <summary>The same for every class of an image whose tag is counting.</summary>
    public double CountingThreshold { get; init; } = 0.9;

    /// <summary>The surest so many of a class are looked at.</summary>
    public int MaxObjects { get; init; } = 16;

    /// <summary>Of two objects of a class that overlap by this or more (intersection over union) the less sure one is dropped; 1 keeps all.</summary>
    public double MaxOverlap { get; init; } = 1;

    /// <summary>Share of the two objects' widths (heights) that an offset must exceed to count.</summary>
    public double PositionThreshold { get; init; } = 0.1;
}
