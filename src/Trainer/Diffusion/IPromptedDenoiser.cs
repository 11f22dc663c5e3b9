using static TorchSharp.torch;

namespace SpoActors.Trainer.Diffusion;

/// <summary>The guided noise prediction of one item's prompts under one adapter version.</summary>
public interface IPromptedDenoiser : IDisposable
{
    /// <summary>Prediction of the model (noise, v or x0, by its configuration) after guidance.</summary>
    /// <param name="latents">x_t, [copies * B, C, H, W], path-major: all prompts of the first path, then of the second.</param>
    /// <param name="timestep">t.</param>
    /// <param name="copies">Paths of each prompt.</param>
    /// <returns>float32, shaped as the latents.</returns>
    Tensor Predict(Tensor latents, long timestep, int copies);
}
