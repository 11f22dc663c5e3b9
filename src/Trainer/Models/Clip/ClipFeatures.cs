using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>Operations on embeddings.</summary>
/// <remarks>Shape letters: B images, T texts, P projection width.</remarks>
public static class ClipFeatures
{
    /// <summary>Rows divided by their L2 norm. No epsilon, as in transformers: a zero row becomes NaN, which is never a valid pair.</summary>
    public static Tensor Normalize(Tensor features_BP)
    {
        using var norm_B1 = features_BP.norm(-1, keepdim: true);
        return features_BP / norm_B1;
    }

    /// <summary>exp(logit_scale) * cosine of every image with every text, [B, T].</summary>
    public static Tensor Logits(Tensor logitScale, Tensor imageFeatures_BP, Tensor textFeatures_TP)
    {
        using var scope = NewDisposeScope();
        return (logitScale.exp() * Normalize(imageFeatures_BP).matmul(Normalize(textFeatures_TP).t())).MoveToOuterDisposeScope();
    }

    /// <summary>exp(logit_scale) * cosine of each image with the text of its row, [B]; the texts are normalised already.</summary>
    public static Tensor RowScores(Tensor logitScale, Tensor imageFeatures_BP, Tensor normalisedText_BP)
    {
        using var scope = NewDisposeScope();
        return (logitScale.exp() * (Normalize(imageFeatures_BP) * normalisedText_BP).sum(-1)).MoveToOuterDisposeScope();
    }
}
