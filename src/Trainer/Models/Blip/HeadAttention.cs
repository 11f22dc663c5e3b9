using static TorchSharp.torch;
using static TorchSharp.torch.nn;

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
        using var scope = NewDisposeScope();
        Tensor Split(Tensor x) => x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2);
        var attended = functional.scaled_dot_product_attention(Split(query_BLD), Split(key_BMD), Split(value_BMD), mask_B11M);
        return attended.transpose(1, 2).reshape(query_BLD.shape).MoveToOuterDisposeScope();
    }
}
