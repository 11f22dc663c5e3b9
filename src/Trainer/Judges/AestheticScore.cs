using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SpoActors.Trainer.Judges;

/// <summary>LAION's aesthetic score of CLIP ViT-L/14 image embeddings.</summary>
public static class AestheticScore
{
    /// <summary>Scores, [B], of embeddings [B, 768] as the vision tower projects them; divided by their norm here, zero stays zero.</summary>
    public static Tensor Of(ScoreHead head, Tensor imageFeatures_BD)
    {
        using var scope = NewDisposeScope();
        return head.forward(Normalize(imageFeatures_BD)).MoveToOuterDisposeScope();
    }

    internal static Tensor Normalize(Tensor imageFeatures_BD) => functional.normalize(imageFeatures_BD, dim: -1);
}
