using SpoActors.Trainer.Models;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Diffusion;

/// <summary>The guided prediction of one item's prompts; owns what they are conditioned on, and keeps it by the number of paths.</summary>
public sealed class PromptedDenoiser(GuidedDenoiser denoiser, GuidedConditioning rows) : IDisposable
{
    readonly Dictionary<int, Conditioning> byCopies = [];

    /// <summary>Prediction of the model (noise, v or x_0, by its configuration) after guidance.</summary>
    /// <param name="latents">x_t, [copies * B, C, H, W], path-major: all prompts of the first path, then of the second.</param>
    /// <param name="timestep">t.</param>
    /// <param name="copies">Paths of each prompt.</param>
    /// <returns>float32, shaped as the latents.</returns>
    public Tensor Predict(Tensor latents, double timestep, int copies)
    {
        // For the whole item: the sampler's step scopes must not free it.
        if (!byCopies.TryGetValue(copies, out var conditioning)) byCopies[copies] = conditioning = denoiser.Join(rows.Repeat(copies)).Keep();
        using var t = tensor((float)timestep, device: latents.device);
        return denoiser.Predict(latents, t, conditioning);
    }

    public void Dispose()
    {
        foreach (var conditioning in byCopies.Values) conditioning.Dispose();
        byCopies.Clear();
        rows.Prompt.Dispose();
        rows.Negative?.Dispose();
    }
}
