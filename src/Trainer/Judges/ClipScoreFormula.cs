using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>
/// CLIPScore and RefCLIPScore of CLIP features (Hessel et al., arXiv 2104.08718, section 3). The published numbers are those of ViT-B/32 with
/// captions after <see cref="Prefix"/>. Everything is computed in float64; a feature of length 0 gives NaN.
/// </summary>
/// <remarks>Shape letters: B images, R references of all images, P features.</remarks>
public static class ClipScoreFormula
{
    /// <summary>w, which stretches the usual range of the cosine to 0..1; the score may exceed 1.</summary>
    public const double PublishedWeight = 2.5;

    /// <summary>Stands before every caption and reference.</summary>
    public const string Prefix = "A photo depicts ";

    /// <summary>CLIPScore = w max(cos(image, caption), 0), [B].</summary>
    /// <param name="image_BP">Image features, of any length.</param>
    /// <param name="caption_BP">Features of the images' captions, of any length.</param>
    /// <param name="weight">w.</param>
    public static Tensor Of(Tensor image_BP, Tensor caption_BP, double weight = PublishedWeight)
    {
        using var scope = NewDisposeScope();
        var cosine_B = (Normalize(image_BP) * Normalize(caption_BP)).sum(-1);
        return (weight * cosine_B.clamp_min(0)).MoveToOuterDisposeScope();
    }

    /// <summary>The largest cos(caption, reference) over an image's references, [B]: no weight, and it may be negative.</summary>
    /// <param name="caption_BP">Features of the images' captions.</param>
    /// <param name="reference_RP">Features of all references.</param>
    /// <param name="imageOf_R">Whose each reference is, 0..B-1, in any order.</param>
    /// <exception cref="ArgumentException">An image has no reference.</exception>
    public static Tensor OfReferences(Tensor caption_BP, Tensor reference_RP, Tensor imageOf_R)
    {
        using var scope = NewDisposeScope();
        var cosine_RB = Normalize(reference_RP).matmul(Normalize(caption_BP).t());
        var isOther_RB = imageOf_R.unsqueeze(1).ne(arange(caption_BP.shape[0], ScalarType.Int64, imageOf_R.device));
        if (isOther_RB.all(0).any().item<bool>())
            throw new ArgumentException($"Image {isOther_RB.all(0).nonzero()[0, 0].item<long>()} has no reference; expected at least one.", nameof(imageOf_R));
        return cosine_RB.masked_fill(isOther_RB, double.NegativeInfinity).amax([0]).MoveToOuterDisposeScope();
    }

    /// <summary>RefCLIPScore: the harmonic mean of the two, [B], without a guard where their sum is 0.</summary>
    public static Tensor WithReferences(Tensor clipScore_B, Tensor referenceScore_B)
    {
        using var scope = NewDisposeScope();
        return (2 * clipScore_B * referenceScore_B / (clipScore_B + referenceScore_B)).MoveToOuterDisposeScope();
    }

    // No smallest length, as in the original: functional.normalize would give a feature of length 0 the cosine 0.
    static Tensor Normalize(Tensor features_BP)
    {
        var wide_BP = features_BP.to_type(ScalarType.Float64);
        return wide_BP / wide_BP.square().sum(-1, keepdim: true).sqrt();
    }
}
