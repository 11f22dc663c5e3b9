using SpoActors.Trainer.Models;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Diffusion;

/// <summary>Conditioning of N rows.</summary>
/// <param name="Prompt">On the prompts.</param>
/// <param name="Negative">Of the unconditional half; null where guidance is off.</param>
public sealed record GuidedConditioning(Conditioning Prompt, Conditioning? Negative)
{
    /// <summary>Path-major, as latents are ordered.</summary>
    public GuidedConditioning Repeat(int copies) => new(Prompt.Repeat(copies), Negative?.Repeat(copies));
}

/// <summary>
/// A denoiser behind classifier-free guidance: where guidance happens, for sampling, training and judges alike. Both halves run in one
/// batch, the unconditional half first.
/// </summary>
/// <param name="denoiser">The network.</param>
/// <param name="scale">Guidance scale; 1 or less switches guidance off: one half only.</param>
/// <param name="rescale">0..1, see <see cref="ClassifierFreeGuidance.Combine"/>.</param>
public sealed class GuidedDenoiser(IDenoiser denoiser, double scale, double rescale = 0)
{
    /// <summary>Whether an unconditional half is computed.</summary>
    public bool IsGuided => scale > 1;

    /// <summary>The network behind it, for its reference and slow copy.</summary>
    public IDenoiser Denoiser => denoiser;

    /// <summary>The guided prediction.</summary>
    /// <param name="latents_BCHW">x_t.</param>
    /// <param name="timesteps">t of each row, [B], or a scalar for all.</param>
    /// <param name="conditioning">B rows.</param>
    /// <returns>float32, shaped as the latents.</returns>
    public Tensor Predict(Tensor latents_BCHW, Tensor timesteps, GuidedConditioning conditioning) => Predict(latents_BCHW, timesteps, Join(conditioning));

    /// <summary>Binds an item's prompts, so that their conditioning is joined and repeated once and not at every step.</summary>
    public PromptedDenoiser For(GuidedConditioning conditioning) => new(this, conditioning);

    /// <summary>What one batch of the network is conditioned on.</summary>
    /// <exception cref="InvalidOperationException">Guidance is on, but there is no unconditional half.</exception>
    internal Conditioning Join(GuidedConditioning rows) => !IsGuided ? rows.Prompt
        : (rows.Negative ?? throw new InvalidOperationException("guidance is on, but there is no conditioning for the unconditional half")).Join(rows.Prompt);

    /// <summary>The network's output before guidance, float32: both halves, or one where guidance is off.</summary>
    internal Tensor PredictHalves(Tensor latents_BCHW, Tensor timesteps, Conditioning joined)
    {
        using var scope = NewDisposeScope();
        if (!IsGuided) return denoiser.Predict(latents_BCHW, timesteps, joined).MoveToOuterDisposeScope();
        var both = timesteps.dim() == 0 ? timesteps : cat([timesteps, timesteps]);
        return denoiser.Predict(cat([latents_BCHW, latents_BCHW]), both, joined).MoveToOuterDisposeScope();
    }

    /// <summary>The guided prediction from the halves.</summary>
    internal Tensor Combine(Tensor halves)
    {
        if (!IsGuided) return halves.alias();
        using var scope = NewDisposeScope();
        var chunks = halves.chunk(2);
        return ClassifierFreeGuidance.Combine(chunks[0], chunks[1], scale, rescale).MoveToOuterDisposeScope();
    }

    internal Tensor Predict(Tensor latents_BCHW, Tensor timesteps, Conditioning joined)
    {
        using var scope = NewDisposeScope();
        return Combine(PredictHalves(latents_BCHW, timesteps, joined)).MoveToOuterDisposeScope();
    }
}
