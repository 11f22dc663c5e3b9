using static TorchSharp.torch;

namespace SpoActors.Trainer.Diffusion;

/// <summary>Classifier-free guidance (arXiv 2207.12598).</summary>
public static class ClassifierFreeGuidance
{
    /// <summary>unconditional + scale * (conditional - unconditional), optionally with its deviation pulled back to the conditional's.</summary>
    /// <param name="unconditional_BCHW">Prediction without the prompt.</param>
    /// <param name="conditional_BCHW">Prediction with the prompt.</param>
    /// <param name="scale">Guidance scale w; 1 gives the conditional prediction.</param>
    /// <param name="rescale">φ in 0..1 (arXiv 2305.08891, section 3.4, equations 15 and 16): against overexposure; 0 for none.</param>
    public static Tensor Combine(Tensor unconditional_BCHW, Tensor conditional_BCHW, double scale, double rescale = 0)
    {
        if (!(rescale is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(rescale), rescale, $"guidance rescale is {rescale}; expected 0 to 1");
        using var scope = NewDisposeScope();
        var guided_BCHW = unconditional_BCHW + scale * (conditional_BCHW - unconditional_BCHW);
        if (rescale > 0)
        {
            var rescaled_BCHW = guided_BCHW * (Deviation(conditional_BCHW) / Deviation(guided_BCHW));
            guided_BCHW = rescale * rescaled_BCHW + (1 - rescale) * guided_BCHW;
        }
        return guided_BCHW.MoveToOuterDisposeScope();
    }

    static Tensor Deviation(Tensor prediction_BCHW) => prediction_BCHW.std([.. Enumerable.Range(1, (int)prediction_BCHW.dim() - 1).Select(d => (long)d)], keepdim: true);
}
