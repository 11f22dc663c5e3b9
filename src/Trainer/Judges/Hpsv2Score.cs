using SpoActors.Trainer.Models.Clip;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SpoActors.Trainer.Judges;

/// <summary>Human Preference Score v2: the cosine of image and text, without the model's temperature (its evaluation multiplies by 100).</summary>
public static class Hpsv2Score
{
    /// <summary>Scores [texts, images].</summary>
    /// <param name="model">A CLIP with HPSv2's weights.</param>
    /// <param name="inputIds_TL">Ids of the open_clip tokenizer.</param>
    /// <param name="pixelValues_BCHW">Images as <see cref="Hpsv2Preprocessing"/> makes them.</param>
    public static Tensor Of(ClipModel model, Tensor inputIds_TL, Tensor pixelValues_BCHW)
    {
        using var scope = NewDisposeScope();
        return Normalize(model.TextFeatures(inputIds_TL)).matmul(Normalize(model.ImageFeatures(pixelValues_BCHW)).t()).MoveToOuterDisposeScope();
    }

    internal static Tensor Normalize(Tensor features_BP) => functional.normalize(features_BP, dim: -1);
}
