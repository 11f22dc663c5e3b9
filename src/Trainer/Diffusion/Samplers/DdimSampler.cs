using static TorchSharp.torch;

namespace SpoActors.Trainer.Diffusion.Samplers;

/// <summary>DDIM for inference, as diffusers steps it.</summary>
public sealed class DdimSampler(NoiseSchedule schedule, int steps, double eta = 0) : IDiffusionSampler
{
    readonly DdimScheduler ddim = new(schedule, steps, eta, DdimLastStep.FinalAlpha);

    public IReadOnlyList<float> Timesteps => [.. ddim.Timesteps.Select(t => (float)t)];

    public float InitNoiseSigma => ddim.InitNoiseSigma;

    public bool NeedsNoise => ddim.Eta > 0;

    public Tensor ScaleModelInput(Tensor sample_BCHW, int step) => sample_BCHW.alias();

    public Tensor Step(Tensor output_BCHW, int step, Tensor sample_BCHW, Tensor? noise_BCHW = null) =>
        ddim.Step(output_BCHW, ddim.Timesteps[step], sample_BCHW, noise_BCHW);

    public void Dispose() { }
}
