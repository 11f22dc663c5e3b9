using SpoActors.Specification;
using SpoActors.Trainer.Models.Layers;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Blip;

static class HeadAttention
{
    /// <summary>softmax(q k^T / sqrt(head width) + mask) v for several heads.</summary>
    /// <param name="query_BLD">[B, L, D].</param>
    /// <param name="key_BMD">[B, M, D].</param>
    /// <param name="value_BMD">[B, M, D].</param>
    /// <param name="heads">Number of heads that D is cut into.</param>
    /// <param name="mask_B11M">Added to the logits; null for none.</param>
    /// <returns>[B, L, D].</returns>
    public static Tensor Attend(Tensor query_BLD, Tensor key_BMD, Tensor value_BMD, int heads, Tensor? mask_B11M)
    {
        // In smaller types the fused kernel alone computes the softmax in float32.
        var kind = query_BLD.dtype == ScalarType.Float32 ? AttentionKind.Auto : AttentionKind.Fused;
        return AttentionKernel.Attend(query_BLD, key_BMD, value_BMD, heads, kind, mask: mask_B11M);
    }
}
