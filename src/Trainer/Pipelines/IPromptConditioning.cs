using SpoActors.Trainer.Diffusion;

namespace SpoActors.Trainer.Pipelines;

/// <summary>Text conditioning of a round's prompts, row by row.</summary>
public interface IPromptConditioning
{
    /// <summary>Conditioning rows for these prompts, in this order; owned by the caller's dispose scope.</summary>
    /// <param name="promptIndices">Indices in the round.</param>
    /// <param name="sizes">SDXL: what to say of each image's size; null for the size that the round samples in.</param>
    GuidedConditioning Rows(IReadOnlyList<int> promptIndices, IReadOnlyList<SizeConditioning>? sizes = null);
}
