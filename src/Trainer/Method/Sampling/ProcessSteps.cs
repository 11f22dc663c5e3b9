using SpoActors.Trainer.Diffusion;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method.Sampling;

/// <summary>What a model's output says at one step; owns its tensors once it is kept.</summary>
/// <param name="X0">x̂0.</param>
/// <param name="Epsilon">The noise.</param>
sealed record StepPrediction(Tensor X0, Tensor Epsilon) : IDisposable
{
    /// <summary>Takes the tensors out of the dispose scope.</summary>
    public StepPrediction Keep() => new(X0.DetachFromDisposeScope(), Epsilon.DetachFromDisposeScope());

    public void Dispose()
    {
        X0.Dispose();
        Epsilon.Dispose();
    }
}

/// <summary>The steps of a process under a policy, by their place in the trajectory.</summary>
/// <remarks>Shape letters: N rows of a batch, K candidates, C channels, H and W latent rows and columns.</remarks>
sealed class ProcessSteps(IDiffusionProcess process, Device device)
{
    readonly IReadOnlyList<double> timesteps = process.Timesteps;

    /// <summary>t of a step.</summary>
    public double Timestep(int step) => timesteps[step];

    /// <summary>x̂0 and noise at a step, in the caller's dispose scope.</summary>
    public StepPrediction Predict(PromptedDenoiser denoiser, Tensor latents_NCHW, int step, int copies)
    {
        using var scope = NewDisposeScope();
        var output = denoiser.Predict(latents_NCHW, timesteps[step], copies);
        var (x0, epsilon) = process.Predict(output, At(step), latents_NCHW);
        return new StepPrediction(x0.MoveToOuterDisposeScope(), epsilon.MoveToOuterDisposeScope());
    }

    /// <summary>x_{t-1} drawn from what was predicted at x_t.</summary>
    /// <param name="prediction">Of N rows.</param>
    /// <param name="step">The step.</param>
    /// <param name="noise">N(0, I): of N rows, or of K times N where they spread.</param>
    /// <param name="spread">Whether every row is drawn K times: [K, N, C, H, W].</param>
    public Tensor Draw(StepPrediction prediction, int step, Tensor noise, bool spread = false)
    {
        using var scope = NewDisposeScope();
        var (mean, std) = process.MeanAndStd(prediction.X0, prediction.Epsilon, At(step));
        return ((spread ? mean.unsqueeze(0) : mean) + std * noise).MoveToOuterDisposeScope();
    }

    /// <summary>One step of N rows.</summary>
    public Tensor Step(PromptedDenoiser denoiser, Tensor latents_NCHW, int step, int copies, Tensor noise_NCHW)
    {
        using var scope = NewDisposeScope();
        return Draw(Predict(denoiser, latents_NCHW, step, copies), step, noise_NCHW).MoveToOuterDisposeScope();
    }

    /// <summary>log p(x_{t-1} | x_t) of a step just made, [N].</summary>
    public (Tensor Next, Tensor LogProb) StepWithLogProb(PromptedDenoiser denoiser, Tensor latents_NCHW, int step, int copies, Tensor noise_NCHW)
    {
        using var scope = NewDisposeScope();
        var output = denoiser.Predict(latents_NCHW, timesteps[step], copies);
        var (x0, epsilon) = process.Predict(output, At(step), latents_NCHW);
        var next = Draw(new StepPrediction(x0, epsilon), step, noise_NCHW);
        return (next.MoveToOuterDisposeScope(), process.LogProb(output, At(step), latents_NCHW, next).MoveToOuterDisposeScope());
    }

    Tensor At(int step) => tensor((float)timesteps[step], device: device);
}
