using static TorchSharp.torch;

namespace SpoActors.Trainer.Diffusion.Samplers;

/// <summary>DPM-Solver++ (2M), the second-order multistep solver of arXiv 2211.01095 (algorithm 2), and its first-order form (DDIM).</summary>
/// <remarks>
/// Notation: α and σ are those of x_t = α x_0 + σ noise (here from the ratio σ/α of <see cref="Sigmas"/>), λ = log(α / σ), and h the
/// difference of λ over a step. Like diffusers, leading spacing divides by steps + 1.
/// </remarks>
public sealed class DpmSolverSampler : IDiffusionSampler
{
    const int FewSteps = 15;

    readonly SchedulerConfig config;
    readonly float[] timesteps, sigmas;
    Tensor? previousX0;
    int nextStep;

    public DpmSolverSampler(NoiseSchedule schedule, int steps)
    {
        config = schedule.Config;
        config.RequireSupported("dpm_solver");
        var table = new SigmaTable(schedule);
        double[] levels;
        if (config.UseKarrasSigmas)
        {
            levels = SigmaTable.Karras(table.Largest, table.Smallest, steps);
            timesteps = [.. levels.Select(s => (float)Math.Round(table.TimestepOf(s), MidpointRounding.ToEven))];
        }
        else
        {
            timesteps = [.. SpacedTimesteps.OfDpmSolver(config, config.TimestepSpacing ?? TimestepSpacing.Linspace, steps).Select(t => (float)t)];
            levels = [.. timesteps.Select(t => table.At(t))];
        }
        sigmas = [.. levels.Select(s => (float)s), config.FinalSigmaZero ? 0 : (float)table.Smallest];
    }

    public IReadOnlyList<float> Timesteps => timesteps;

    /// <summary>σ / α before each step and after the last.</summary>
    public IReadOnlyList<float> Sigmas => sigmas;

    public float InitNoiseSigma => 1;

    public bool NeedsNoise => false;

    public Tensor ScaleModelInput(Tensor sample_BCHW, int step) => sample_BCHW.alias();

    public Tensor Step(Tensor output_BCHW, int step, Tensor sample_BCHW, Tensor? noise_BCHW = null)
    {
        if (step != 0 && step != nextStep)
            throw new InvalidOperationException($"step {step} follows step {nextStep - 1}; a multistep solver takes them in order");
        using var scope = NewDisposeScope();
        Level from = new(sigmas[step]), to = new(sigmas[step + 1]);
        var x0_BCHW = PredictX0(output_BCHW, sample_BCHW, from);
        var h = to.Lambda - from.Lambda;
        var decay = MathF.Exp(-h) - 1;
        var result_BCHW = to.Sigma / from.Sigma * sample_BCHW - to.Alpha * decay * x0_BCHW;
        if (step > 0 && !IsFirstOrder(step))
        {
            var r0 = (from.Lambda - new Level(sigmas[step - 1]).Lambda) / h;
            var slope_BCHW = 1 / r0 * (x0_BCHW - previousX0!);
            result_BCHW = config.SolverType == SolverType.Heun
                ? result_BCHW + to.Alpha * (decay / h + 1) * slope_BCHW
                : result_BCHW - 0.5 * (to.Alpha * decay) * slope_BCHW;
        }
        previousX0?.Dispose();
        previousX0 = x0_BCHW.DetachFromDisposeScope();
        nextStep = step + 1;
        return result_BCHW.MoveToOuterDisposeScope();
    }

    /// <summary>The last step is of first order where it goes to σ = 0 (λ is infinite there), and for stability in short trajectories.</summary>
    bool IsFirstOrder(int step) => config.SolverOrder == 1 || (step == timesteps.Length - 1
        && (config.FinalSigmaZero || config.EulerAtFinal || (config.LowerOrderFinal && timesteps.Length < FewSteps)));

    Tensor PredictX0(Tensor output_BCHW, Tensor sample_BCHW, Level at)
    {
        using var scope = NewDisposeScope();
        Tensor alpha = tensor(at.Alpha, device: sample_BCHW.device), sigma = tensor(at.Sigma, device: sample_BCHW.device);
        // This solver knows thresholding but no clipping.
        return PredictionConversion.Convert(config with { ClipSample = false }, output_BCHW, sample_BCHW, alpha, sigma).X0.MoveToOuterDisposeScope();
    }

    public void Dispose() => previousX0?.Dispose();

    readonly struct Level(float ratio)
    {
        public float Alpha { get; } = 1 / MathF.Sqrt(ratio * ratio + 1);
        public float Sigma => ratio * Alpha;
        public float Lambda => MathF.Log(Alpha) - MathF.Log(Sigma);
    }
}
