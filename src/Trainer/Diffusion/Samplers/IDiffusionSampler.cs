using static TorchSharp.torch;

namespace SpoActors.Trainer.Diffusion.Samplers;

/// <summary>
/// One trajectory from noise to image: a sampler is made for a number of steps and may keep what earlier steps predicted, so each
/// trajectory (of any number of images together) has its own, and its steps are taken in order.
/// </summary>
public interface IDiffusionSampler : IDisposable
{
    /// <summary>What the model is told at each step; whole numbers except for Euler with linspace spacing or Karras noise levels.</summary>
    IReadOnlyList<float> Timesteps { get; }

    /// <summary>Standard deviation of the initial latents.</summary>
    float InitNoiseSigma { get; }

    /// <summary>Whether <see cref="Step"/> needs noise.</summary>
    bool NeedsNoise { get; }

    /// <summary>What the model sees of the latents at a step.</summary>
    Tensor ScaleModelInput(Tensor sample_BCHW, int step);

    /// <summary>The latents after a step.</summary>
    /// <param name="output_BCHW">The model's (guided) prediction.</param>
    /// <param name="step">0 .. count of timesteps - 1.</param>
    /// <param name="sample_BCHW">The latents before the step, float32.</param>
    /// <param name="noise_BCHW">N(0, I), if <see cref="NeedsNoise"/>.</param>
    Tensor Step(Tensor output_BCHW, int step, Tensor sample_BCHW, Tensor? noise_BCHW = null);
}
