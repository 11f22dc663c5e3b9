using static TorchSharp.torch;

namespace SpoActors.Trainer.Diffusion;

/// <summary>x̂_0 and noise from the model's output, whatever it predicts.</summary>
static class PredictionConversion
{
    /// <param name="config">Prediction type, clipping and thresholding.</param>
    /// <param name="output">The model's output.</param>
    /// <param name="sample">x_t.</param>
    /// <param name="sqrtAlpha">sqrt(ᾱ_t), broadcastable to the sample.</param>
    /// <param name="sqrtBeta">sqrt(1 - ᾱ_t), broadcastable to the sample.</param>
    /// <returns>x̂_0, clipped if the configuration says so, and the noise, which clipping leaves as it was (as in diffusers).</returns>
    public static (Tensor X0, Tensor Epsilon) Convert(SchedulerConfig config, Tensor output, Tensor sample, Tensor sqrtAlpha, Tensor sqrtBeta)
    {
        using var scope = NewDisposeScope();
        var (x0, epsilon) = config.PredictionType switch
        {
            // DDIM (arXiv 2010.02502), equation 12.
            PredictionType.Epsilon => ((sample - sqrtBeta * output) / sqrtAlpha, output.alias()),
            PredictionType.Sample => (output.alias(), (sample - sqrtAlpha * output) / sqrtBeta),
            // arXiv 2202.00512, appendix D.
            PredictionType.VPrediction => (sqrtAlpha * sample - sqrtBeta * output, sqrtAlpha * output + sqrtBeta * sample),
            _ => throw new ArgumentOutOfRangeException(nameof(config), config.PredictionType, "unknown prediction type"),
        };
        return (Clip(config, x0).MoveToOuterDisposeScope(), epsilon.MoveToOuterDisposeScope());
    }

    static Tensor Clip(SchedulerConfig config, Tensor x0)
    {
        if (config.Thresholding) return DynamicThreshold(config, x0);
        return config.ClipSample ? x0.clamp(-config.ClipSampleRange, config.ClipSampleRange) : x0;
    }

    /// <summary>Imagen (arXiv 2205.11487), section 2.3: clips each row at a high quantile of its magnitudes and divides by it.</summary>
    static Tensor DynamicThreshold(SchedulerConfig config, Tensor x0_BX)
    {
        var flat_BN = x0_BX.flatten(1);
        var ratio = tensor((float)config.DynamicThresholdingRatio, device: x0_BX.device);
        var limit_B1 = quantile(flat_BN.abs(), ratio, 1).clamp(1, config.SampleMaxValue).unsqueeze(1);
        return (flat_BN.clamp(-limit_B1, limit_B1) / limit_B1).reshape(x0_BX.shape);
    }
}
