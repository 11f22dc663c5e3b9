using static TorchSharp.torch;

namespace SpoActors.Trainer.Diffusion;

/// <summary>Which ᾱ the last step goes to, where t - 1000 / steps is below 0.</summary>
public enum DdimLastStep
{
    /// <summary>diffusers: <see cref="NoiseSchedule.FinalAlphaCumprod"/>. For inference.</summary>
    FinalAlpha,

    /// <summary>
    /// The SPO reference: the previous timestep is clamped to 0, so the last step goes to ᾱ_0. It keeps some noise even where
    /// <c>set_alpha_to_one</c> is true, so the log-probability exists at every step. For SPO's sampling and training.
    /// </summary>
    ClampToFirst,
}

/// <summary>
/// DDIM (arXiv 2010.02502) with eta between 0 (deterministic) and 1 (DDPM-like), and the log-probability of its steps.
/// </summary>
/// <remarks>
/// Notation: Epsilon is e_θ(x_t, t), X0 is f_θ(x_t, t), Std is σ_t(η), Previous is x_{t-1}.
/// <para>The previous timestep is t - 1000 / steps (whole division) whatever the spacing, as in diffusers: with trailing or linspace
/// spacing it need not be the next one in <see cref="Timesteps"/>.</para>
/// <para>Shape letters: B rows of a batch, C channels, H and W latent rows and columns. Coefficients are float32, results too.</para>
/// </remarks>
public sealed class DdimScheduler : IDiffusionProcess
{
    readonly float[] coefficients;
    readonly long[] timesteps;
    Tensor? onDevice;

    /// <param name="schedule">The forward process and the scheduler's settings.</param>
    /// <param name="steps">Denoising steps, 1 to the timesteps of training.</param>
    /// <param name="eta">Share of DDPM's noise, 0 to 1.</param>
    /// <param name="lastStep">Which ᾱ the last step goes to.</param>
    /// <exception cref="ArgumentException">The settings contradict each other; the message names the fix.</exception>
    public DdimScheduler(NoiseSchedule schedule, int steps, double eta = 0, DdimLastStep lastStep = DdimLastStep.FinalAlpha)
    {
        if (!(eta is >= 0 and <= 1)) throw new ArgumentOutOfRangeException(nameof(eta), eta, $"eta is {eta}; expected 0 to 1");
        (Schedule, Steps, Eta, LastStep) = (schedule, steps, eta, lastStep);
        timesteps = SpacedTimesteps.Of(schedule.Config, schedule.Config.TimestepSpacing ?? TimestepSpacing.Leading, steps);
        coefficients = CoefficientTable();
        CheckUsable();
    }

    public NoiseSchedule Schedule { get; }

    public int Steps { get; }

    public double Eta { get; }

    public DdimLastStep LastStep { get; }

    /// <summary>From noisy to clean.</summary>
    public IReadOnlyList<long> Timesteps => timesteps;

    /// <summary>Standard deviation of the initial latents.</summary>
    public float InitNoiseSigma { get; } = 1;

    IReadOnlyList<double> IDiffusionProcess.Timesteps => [.. timesteps.Select(t => (double)t)];

    /// <summary>σ_t(η).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The timestep is past those of training.</exception>
    public float StdDev(long timestep) => coefficients[StdRow * TrainTimesteps + SpacedTimesteps.InTable(Schedule.Config, timestep)];

    double IDiffusionProcess.StdDev(double timestep) => StdDev((long)timestep);

    /// <summary>Where a step from t leads, t - 1000 / steps; below 0 stands for the end, which only <see cref="DdimLastStep.FinalAlpha"/> reaches.</summary>
    public long PreviousTimestep(long timestep)
    {
        var previous = timestep - TrainTimesteps / Steps;
        return LastStep == DdimLastStep.ClampToFirst ? Math.Max(previous, 0) : previous;
    }

    /// <summary>sqrt(1 - ᾱ_t).</summary>
    public Tensor NoiseLevel(Tensor timesteps_B, Tensor like)
    {
        using var scope = NewDisposeScope();
        return Coefficients(timesteps_B, like).SqrtBeta.MoveToOuterDisposeScope();
    }

    /// <summary>x̂_0 and noise from the model's output.</summary>
    /// <param name="output">Noise, v or x_0, [B, C, H, W].</param>
    /// <param name="timestep">t of all rows.</param>
    /// <param name="sample">x_t, [B, C, H, W].</param>
    public (Tensor X0, Tensor Epsilon) Predict(Tensor output, long timestep, Tensor sample) => Predict(output, Coefficients(timestep, sample), sample);

    /// <inheritdoc cref="Predict(Tensor, long, Tensor)"/>
    /// <param name="output">Noise, v or x_0, [B, C, H, W].</param>
    /// <param name="timesteps_B">t of each row, int64.</param>
    /// <param name="sample">x_t, [B, C, H, W].</param>
    public (Tensor X0, Tensor Epsilon) Predict(Tensor output, Tensor timesteps_B, Tensor sample) => Predict(output, Coefficients(timesteps_B, sample), sample);

    /// <summary>Mean and standard deviation of p(x_{t-1} | x_t), equations 12 and 16; x_{t-1} = Mean + Std * noise.</summary>
    /// <returns>Mean shaped as x̂_0; Std [1, 1, 1, 1], so that it multiplies noise of any number of candidates.</returns>
    public (Tensor Mean, Tensor Std) MeanAndStd(Tensor x0, Tensor epsilon, long timestep) => MeanAndStd(x0, epsilon, Coefficients(timestep, x0));

    /// <inheritdoc cref="MeanAndStd(Tensor, Tensor, long)"/>
    /// <returns>Mean shaped as x̂_0; Std [B, 1, 1, 1].</returns>
    public (Tensor Mean, Tensor Std) MeanAndStd(Tensor x0, Tensor epsilon, Tensor timesteps_B) => MeanAndStd(x0, epsilon, Coefficients(timesteps_B, x0));

    /// <summary>One step x_t → x_{t-1}.</summary>
    /// <param name="output">Noise, v or x_0, [B, C, H, W].</param>
    /// <param name="timestep">t of all rows.</param>
    /// <param name="sample">x_t, [B, C, H, W].</param>
    /// <param name="noise">N(0, I), shaped as the sample; not needed at eta 0.</param>
    public Tensor Step(Tensor output, long timestep, Tensor sample, Tensor? noise = null)
    {
        if (Eta > 0 && noise is null) throw new ArgumentNullException(nameof(noise), $"a step with eta {Eta} needs noise");
        using var scope = NewDisposeScope();
        var (x0, epsilon) = Predict(output, timestep, sample);
        var (mean, std) = MeanAndStd(x0, epsilon, timestep);
        return (Eta > 0 ? mean + std * noise! : mean).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// log p(x_{t-1} | x_t), the Gaussian log-density *averaged* over channels and pixels, as the SPO reference takes it: the ratio of two
    /// policies is then their ratio per element, which is what the loss clamps. Differentiable with respect to the output.
    /// </summary>
    /// <param name="output">Noise, v or x_0, [B, C, H, W].</param>
    /// <param name="timesteps_B">t of each row, int64.</param>
    /// <param name="sample">x_t, [B, C, H, W].</param>
    /// <param name="previous">x_{t-1}, [B, C, H, W]; treated as a constant.</param>
    /// <returns>[B], float32; not finite where a step has no noise.</returns>
    public Tensor LogProb(Tensor output, Tensor timesteps_B, Tensor sample, Tensor previous)
    {
        using var scope = NewDisposeScope();
        var coefficients = Coefficients(timesteps_B, sample);
        var (x0, epsilon) = Predict(output, coefficients, sample);
        var (mean, std_B111) = MeanAndStd(x0, epsilon, coefficients);
        var density = -(previous.detach() - mean).square() / (2 * std_B111.square()) - std_B111.log() - HalfLogTwoPi;
        return density.flatten(1).mean([1]).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    /// <remarks>Both means start from one x_t, so without clipping μ - μ_ref is a constant times the difference of the outputs: no digits cancel.</remarks>
    public Tensor Kl(Tensor output, Tensor reference, Tensor timesteps_B, Tensor sample)
    {
        using var scope = NewDisposeScope();
        var c = Coefficients(timesteps_B, sample);
        var clips = Schedule.Config.ClipSample || Schedule.Config.Thresholding;
        var terms = clips ? (Mean(output) - Mean(reference)).square() / (2 * c.Std.square()) : (c.Kl * (output - reference)).square();
        return terms.flatten(1).mean([1]).MoveToOuterDisposeScope();

        Tensor Mean(Tensor prediction)
        {
            var (x0, epsilon) = Predict(prediction, c, sample);
            return MeanAndStd(x0, epsilon, c).Mean;
        }
    }

    (Tensor X0, Tensor Epsilon) Predict(Tensor output, in StepCoefficients c, Tensor sample) =>
        PredictionConversion.Convert(Schedule.Config, output, sample, c.SqrtAlpha, c.SqrtBeta);

    static (Tensor Mean, Tensor Std) MeanAndStd(Tensor x0, Tensor epsilon, in StepCoefficients c)
    {
        using var scope = NewDisposeScope();
        var mean = c.SqrtAlphaPrevious * x0 + c.Direction * epsilon;
        return (mean.MoveToOuterDisposeScope(), c.Std.alias().MoveToOuterDisposeScope());
    }

    /// <summary>Factors of the equations, each [B, 1, 1, 1] or [1, 1, 1, 1].</summary>
    readonly record struct StepCoefficients(Tensor SqrtAlpha, Tensor SqrtBeta, Tensor SqrtAlphaPrevious, Tensor Direction, Tensor Std, Tensor Kl);

    static readonly double HalfLogTwoPi = Math.Log(Math.Sqrt(2 * Math.PI));
    const int RowCount = 6, StdRow = 4;

    int TrainTimesteps => Schedule.Config.NumTrainTimesteps;

    StepCoefficients Coefficients(long timestep, Tensor like) => Split(Table(like.device).narrow(1, SpacedTimesteps.InTable(Schedule.Config, timestep), 1), like);

    StepCoefficients Coefficients(Tensor timesteps_B, Tensor like) => Split(Table(like.device).index_select(1, timesteps_B.reshape(-1).to(ScalarType.Int64).to(like.device)), like);

    static StepCoefficients Split(Tensor rows_6B, Tensor like)
    {
        var rows = rows_6B.reshape([RowCount, -1, .. Enumerable.Repeat(1L, (int)like.dim() - 1)]);
        return new StepCoefficients(rows[0], rows[1], rows[2], rows[3], rows[4], rows[5]);
    }

    /// <summary>The table on the device that is computed on, kept there: a transfer in every step would stall a GPU.</summary>
    Tensor Table(Device device)
    {
        if (onDevice is { } table && table.device_type == device.type && table.device_index == device.index) return table;
        return onDevice = tensor(coefficients, [RowCount, TrainTimesteps], device: device).DetachFromDisposeScope();
    }

    /// <summary>Factors for every timestep, float32 arithmetic in diffusers' order; row-major [factor, timestep].</summary>
    float[] CoefficientTable()
    {
        var table = new float[RowCount * TrainTimesteps];
        for (var t = 0; t < TrainTimesteps; t++)
        {
            var alpha = Schedule.AlphasCumprod[t];
            var alphaPrevious = AlphaBefore(t);
            var variance = (1 - alphaPrevious) / (1 - alpha) * (1 - alpha / alphaPrevious);
            var std = (float)Eta * MathF.Sqrt(variance);
            float[] column =
            [
                MathF.Sqrt(alpha),
                MathF.Sqrt(1 - alpha),
                MathF.Sqrt(alphaPrevious),
                // At zero SNR and eta 1 this is 0 in exact arithmetic; rounding may make it negative.
                MathF.Sqrt(MathF.Max(1 - alphaPrevious - std * std, 0)),
                std,
                (float)KlFactor(alpha, alphaPrevious),
            ];
            for (var row = 0; row < RowCount; row++) table[row * TrainTimesteps + t] = column[row];
        }
        return table;
    }

    /// <summary>
    /// (μ - μ_ref) / (sqrt(2) σ) of an output that differs by 1. In float64: at the last step ᾱ hardly changes, and half of float32's digits cancel.
    /// </summary>
    double KlFactor(double alpha, double alphaPrevious)
    {
        var std = Eta * Math.Sqrt((1 - alphaPrevious) / (1 - alpha) * (1 - alpha / alphaPrevious));
        var direction = Math.Sqrt(Math.Max(1 - alphaPrevious - std * std, 0));
        var (sqrtAlpha, sqrtBeta, sqrtAlphaPrevious) = (Math.Sqrt(alpha), Math.Sqrt(1 - alpha), Math.Sqrt(alphaPrevious));
        var distance = Schedule.Config.PredictionType switch
        {
            PredictionType.Epsilon => direction - sqrtAlphaPrevious * sqrtBeta / sqrtAlpha,
            PredictionType.Sample => sqrtAlphaPrevious - direction * sqrtAlpha / sqrtBeta,
            _ => direction * sqrtAlpha - sqrtAlphaPrevious * sqrtBeta,
        };
        return distance / (Math.Sqrt(2) * std);
    }

    float AlphaBefore(int timestep) =>
        PreviousTimestep(timestep) is >= 0 and var previous ? Schedule.AlphasCumprod[(int)previous] : Schedule.FinalAlphaCumprod;

    void CheckUsable()
    {
        if (Schedule.Config.PredictionType == PredictionType.Epsilon && timesteps[0] < TrainTimesteps && Schedule.AlphasCumprod[(int)timesteps[0]] == 0)
            throw new ArgumentException($"timestep {timesteps[0]} has no signal (rescale_betas_zero_snr), so x_0 cannot be computed from a " +
                "predicted epsilon; use a model with prediction_type v_prediction or sample, or leading spacing");
    }
}
