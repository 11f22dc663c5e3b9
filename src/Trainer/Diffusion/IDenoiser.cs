using SpoActors.Trainer.Models;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Diffusion;

/// <summary>A network that predicts noise, v or x_0, with its own reference and slow copy inside.</summary>
public interface IDenoiser
{
    /// <summary>The prediction; differentiable with respect to what is trained.</summary>
    /// <param name="latents_BCHW">x_t, any type.</param>
    /// <param name="timesteps">t of each row, [B], or a scalar for all.</param>
    /// <param name="conditioning">B rows.</param>
    /// <returns>float32, shaped as the latents.</returns>
    Tensor Predict(Tensor latents_BCHW, Tensor timesteps, Conditioning conditioning);

    /// <summary>Until disposed, it is the reference policy: the base model, the adapter switched off.</summary>
    IDisposable UseReference();

    /// <summary>Until disposed, it is its slow copy: a moving average of what is trained. For passes without a gradient.</summary>
    IDisposable UseSlowCopy();
}
