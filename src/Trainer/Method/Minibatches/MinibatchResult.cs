namespace SpoActors.Trainer.Method.Minibatches;

/// <summary>What a minibatch did; plain numbers, no tensors.</summary>
public sealed record MinibatchResult
{
    public required int Samples { get; init; }

    /// <summary>Mean loss of its samples.</summary>
    public required double Loss { get; init; }

    /// <summary>The objective's metrics by name.</summary>
    public required IReadOnlyDictionary<string, double> Metrics { get; init; }

    /// <summary>Norm of the LoRA's gradient before clipping; null where no optimizer step was made.</summary>
    public required double? GradientNorm { get; init; }

    /// <summary>Whether an optimizer step was made.</summary>
    public required bool Stepped { get; init; }
}
