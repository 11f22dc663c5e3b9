using static TorchSharp.torch;

namespace SpoActors.Trainer.Diffusion;

/// <summary>
/// How x moves: the timesteps of a trajectory, what a model's output says of the clean image and the noise, and the Gaussian step
/// x_t → x_{t-1}. The one seam between methods and samplers: nothing above it knows which process it is, nor that a timestep is a whole number.
/// </summary>
/// <remarks>Shape letters: B rows of a batch, C channels, H and W latent rows and columns. Results are float32.</remarks>
public interface IDiffusionProcess
{
    /// <summary>From noisy to clean.</summary>
    IReadOnlyList<double> Timesteps { get; }

    /// <summary>Standard deviation of the initial latents.</summary>
    float InitNoiseSigma { get; }

    /// <summary>Standard deviation of p(x_{t-1} | x_t); 0 where a step has no noise, hence no log-probability.</summary>
    double StdDev(double timestep);

    /// <summary>How much noise x_t holds: the standard deviation of x_t given x_0.</summary>
    /// <param name="timesteps_B">t of each row.</param>
    /// <param name="like">What it is to be multiplied with, [B, ...].</param>
    /// <returns>Broadcastable to <paramref name="like"/>, on its device.</returns>
    Tensor NoiseLevel(Tensor timesteps_B, Tensor like);

    /// <summary>x̂_0 and the noise from the model's output.</summary>
    /// <param name="output">What the model predicts: noise, v or x_0.</param>
    /// <param name="timesteps_B">t of each row, or a scalar for all.</param>
    /// <param name="sample">x_t.</param>
    (Tensor X0, Tensor Epsilon) Predict(Tensor output, Tensor timesteps_B, Tensor sample);

    /// <summary>Mean and standard deviation of p(x_{t-1} | x_t); x_{t-1} = Mean + Std * noise.</summary>
    /// <returns>Mean shaped as x̂_0; Std broadcastable to it.</returns>
    (Tensor Mean, Tensor Std) MeanAndStd(Tensor x0, Tensor epsilon, Tensor timesteps_B);

    /// <summary>
    /// log p(x_{t-1} | x_t), averaged over channels and pixels: the ratio of two policies is then their ratio per element. Differentiable
    /// with respect to the output.
    /// </summary>
    /// <param name="output">What the model predicts.</param>
    /// <param name="timesteps_B">t of each row.</param>
    /// <param name="sample">x_t.</param>
    /// <param name="previous">x_{t-1}; a constant.</param>
    /// <returns>[B]; not finite where a step has no noise.</returns>
    Tensor LogProb(Tensor output, Tensor timesteps_B, Tensor sample, Tensor previous);

    /// <summary>
    /// KL(p || p_ref) of one step, exactly: for equal variances mean of (μ - μ_ref)² / (2 σ²) over channels and pixels, in the unit of
    /// <see cref="LogProb"/> (per element, not nats).
    /// </summary>
    /// <param name="output">The policy's prediction.</param>
    /// <param name="reference">The reference's.</param>
    /// <param name="timesteps_B">t of each row.</param>
    /// <param name="sample">x_t, which both start from.</param>
    /// <returns>[B]; differentiable with respect to the outputs.</returns>
    Tensor Kl(Tensor output, Tensor reference, Tensor timesteps_B, Tensor sample);
}
