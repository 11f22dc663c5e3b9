using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Vae;

/// <summary>The encoder's result: a Gaussian with a diagonal covariance over the latents, [B, C, H, W] (unscaled).</summary>
public sealed class DiagonalGaussian
{
    const double MinLogVar = -30, MaxLogVar = 20;

    /// <param name="moments_BMHW">Mean and log-variance joined along the channels, [B, 2C, H, W].</param>
    public DiagonalGaussian(Tensor moments_BMHW)
    {
        using var scope = NewDisposeScope();
        var halves = moments_BMHW.chunk(2, 1);
        Mean = halves[0].MoveToOuterDisposeScope();
        LogVar = halves[1].clamp(MinLogVar, MaxLogVar).MoveToOuterDisposeScope();
    }

    public Tensor Mean { get; }

    /// <summary>Log-variance, clamped to -30 .. 20.</summary>
    public Tensor LogVar { get; }

    public Tensor Std
    {
        get
        {
            using var half = LogVar * 0.5;
            return half.exp();
        }
    }

    public Tensor Var => LogVar.exp();

    /// <summary>The most likely latents.</summary>
    public Tensor Mode => Mean.alias();

    /// <summary>mean + std * noise.</summary>
    /// <param name="noise_BCHW">N(0, 1) of the latents' shape; moved to their type and device.</param>
    public Tensor Sample(Tensor noise_BCHW)
    {
        using var scope = NewDisposeScope();
        return (Mean + Std * noise_BCHW.to(Mean.dtype).to(Mean.device)).MoveToOuterDisposeScope();
    }

    /// <summary>KL divergence from N(0, 1), or from <paramref name="other"/>, summed over a row's latents, [B].</summary>
    public Tensor Kl(DiagonalGaussian? other = null)
    {
        using var scope = NewDisposeScope();
        var terms = other is null
            ? Mean.square() + Var - 1 - LogVar
            : (Mean - other.Mean).square() / other.Var + Var / other.Var - 1 - LogVar + other.LogVar;
        return (0.5 * terms.sum([1, 2, 3])).MoveToOuterDisposeScope();
    }

    /// <summary>Negative log-likelihood of latents, summed over a row, [B].</summary>
    public Tensor Nll(Tensor latents_BCHW)
    {
        using var scope = NewDisposeScope();
        var terms = Math.Log(2 * Math.PI) + LogVar + (latents_BCHW - Mean).square() / Var;
        return (0.5 * terms.sum([1, 2, 3])).MoveToOuterDisposeScope();
    }
}
