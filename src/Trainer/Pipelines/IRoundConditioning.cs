using SpoActors.Trainer.Models.UNet;

namespace SpoActors.Trainer.Pipelines;

/// <summary>Text conditioning of a round's prompts, row by row.</summary>
public interface IRoundConditioning
{
    /// <summary>Conditioning rows for these prompts (indices in the round), in this order; owned by the caller's dispose scope.</summary>
    ConditioningRows Rows(IReadOnlyList<int> promptIndices);
}

/// <summary>Text conditioning of N rows.</summary>
/// <param name="Prompt">Of the prompts.</param>
/// <param name="Negative">Of the unconditional half; null where guidance is off.</param>
public sealed record ConditioningRows(UNetConditioning Prompt, UNetConditioning? Negative);
