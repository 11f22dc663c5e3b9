using static TorchSharp.torch;

namespace SpoActors.Trainer.Diffusion.Samplers;

/// <summary>Ancestral sampling (DDPM, arXiv 2006.11239, equations 6 and 7) with the smaller of its two variances.</summary>
public sealed class DdpmSampler(NoiseSchedule schedule, int steps) : IDiffusionSampler
{
    const float SmallestVariance = 1e-20f;

    readonly long[] timesteps = SpacedTimesteps.Of(schedule.Config, schedule.Config.TimestepSpacing ?? TimestepSpacing.Leading, steps);

    public IReadOnlyList<float> Timesteps => [.. timesteps.Select(t => (float)t)];

    public float InitNoiseSigma => 1;

    public bool NeedsNoise => true;

    public Tensor ScaleModelInput(Tensor sample_BCHW, int step) => sample_BCHW.alias();

    /// <summary>x̂_0 of a step.</summary>
    public Tensor PredictX0(Tensor output_BCHW, int step, Tensor sample_BCHW)
    {
        using var scope = NewDisposeScope();
        var alphaBar = schedule.AlphasCumprod[SpacedTimesteps.InTable(schedule.Config, timesteps[step])];
        Tensor root = tensor(MathF.Sqrt(alphaBar), device: sample_BCHW.device), rootBeta = tensor(MathF.Sqrt(1 - alphaBar), device: sample_BCHW.device);
        return PredictionConversion.Convert(schedule.Config, output_BCHW, sample_BCHW, root, rootBeta).X0.MoveToOuterDisposeScope();
    }

    public Tensor Step(Tensor output_BCHW, int step, Tensor sample_BCHW, Tensor? noise_BCHW = null)
    {
        using var scope = NewDisposeScope();
        var t = SpacedTimesteps.InTable(schedule.Config, timesteps[step]);
        var previous = t - schedule.Config.NumTrainTimesteps / steps;
        float alphaBar = schedule.AlphasCumprod[t], alphaBarPrevious = previous >= 0 ? schedule.AlphasCumprod[previous] : 1;
        float betaBar = 1 - alphaBar, betaBarPrevious = 1 - alphaBarPrevious;
        var alpha = alphaBar / alphaBarPrevious;
        var beta = 1 - alpha;

        var x0 = PredictX0(output_BCHW, step, sample_BCHW);
        var mean = MathF.Sqrt(alphaBarPrevious) * beta / betaBar * x0 + MathF.Sqrt(alpha) * betaBarPrevious / betaBar * sample_BCHW;
        if (t == 0) return mean.MoveToOuterDisposeScope();
        if (noise_BCHW is null) throw new ArgumentNullException(nameof(noise_BCHW), "an ancestral step needs noise");
        var variance = MathF.Max(betaBarPrevious / betaBar * beta, SmallestVariance);
        return (mean + MathF.Sqrt(variance) * noise_BCHW).MoveToOuterDisposeScope();
    }

    public void Dispose() { }
}
