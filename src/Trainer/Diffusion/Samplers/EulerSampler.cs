using static TorchSharp.torch;

namespace SpoActors.Trainer.Diffusion.Samplers;

/// <summary>Euler's method on the probability-flow ODE (arXiv 2206.00364, algorithm 1 without churn).</summary>
public sealed class EulerSampler : IDiffusionSampler
{
    readonly SchedulerConfig config;
    readonly float[] timesteps, sigmas;

    public EulerSampler(NoiseSchedule schedule, int steps)
    {
        config = schedule.Config;
        config.RequireSupported("euler");
        var spacing = config.TimestepSpacing ?? TimestepSpacing.Linspace;
        var table = new SigmaTable(schedule);
        // Linspace keeps its fractions here, unlike in DDIM.
        double[] times = spacing == TimestepSpacing.Linspace
            ? [.. SpacedTimesteps.Linspace(0, config.NumTrainTimesteps - 1, steps).Select(t => (double)(float)t).Reverse()]
            : [.. SpacedTimesteps.Of(config, spacing, steps).Select(t => (double)t)];
        double[] levels = [.. times.Select(table.At)];
        if (config.UseKarrasSigmas)
        {
            levels = SigmaTable.Karras(levels[0], levels[^1], steps);
            times = [.. levels.Select(table.TimestepOf)];
        }
        timesteps = [.. times.Select(t => (float)t)];
        sigmas = [.. levels.Select(s => (float)s), 0];
        InitNoiseSigma = spacing == TimestepSpacing.Leading ? MathF.Sqrt(sigmas[0] * sigmas[0] + 1) : sigmas[0];
    }

    public IReadOnlyList<float> Timesteps => timesteps;

    /// <summary>σ before each step, and 0 after the last.</summary>
    public IReadOnlyList<float> Sigmas => sigmas;

    public float InitNoiseSigma { get; }

    public bool NeedsNoise => false;

    public Tensor ScaleModelInput(Tensor sample_BCHW, int step) => sample_BCHW / MathF.Sqrt(sigmas[step] * sigmas[step] + 1);

    public Tensor Step(Tensor output_BCHW, int step, Tensor sample_BCHW, Tensor? noise_BCHW = null)
    {
        using var scope = NewDisposeScope();
        var sigma = sigmas[step];
        var variance = sigma * sigma + 1;
        var x0_BCHW = config.PredictionType switch
        {
            PredictionType.Epsilon => sample_BCHW - sigma * output_BCHW,
            PredictionType.VPrediction => output_BCHW * (-sigma / MathF.Sqrt(variance)) + sample_BCHW / variance,
            PredictionType.Sample => output_BCHW,
            _ => throw new InvalidOperationException($"unknown prediction type {config.PredictionType}"),
        };
        var derivative_BCHW = (sample_BCHW - x0_BCHW) / sigma;
        return (sample_BCHW + derivative_BCHW * (sigmas[step + 1] - sigma)).MoveToOuterDisposeScope();
    }

    public void Dispose() { }
}
