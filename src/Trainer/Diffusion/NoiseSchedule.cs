using static TorchSharp.torch;

namespace SpoActors.Trainer.Diffusion;

/// <summary>
/// The forward process q(x_t | x_0) = N(sqrt(ᾱ_t) x_0, (1 - ᾱ_t) I) (DDPM, arXiv 2006.11239 equation 4), by its tables. They are float32
/// and computed in float32, as diffusers does: a float64 table differs by up to 5e-7, which is visible in log-probabilities.
/// </summary>
public sealed class NoiseSchedule
{
    readonly float[] betas, alphasCumprod;

    NoiseSchedule(SchedulerConfig config, float[] betas, float[] alphasCumprod)
    {
        (Config, this.betas, this.alphasCumprod) = (config, betas, alphasCumprod);
        FinalAlphaCumprod = config.SetAlphaToOne ? 1 : alphasCumprod[0];
    }

    public SchedulerConfig Config { get; }

    /// <summary>β_t for every training timestep.</summary>
    public IReadOnlyList<float> Betas => betas;

    /// <summary>ᾱ_t, the product of 1 - β up to t, for every training timestep.</summary>
    public IReadOnlyList<float> AlphasCumprod => alphasCumprod;

    /// <summary>What stands for ᾱ before the first timestep.</summary>
    public float FinalAlphaCumprod { get; }

    /// <summary>The tables of a configuration.</summary>
    public static NoiseSchedule Create(SchedulerConfig config)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var betas = Beta(config);
        if (config.RescaleBetasZeroSnr) betas = RescaleToZeroSnr(betas);
        var alphasCumprod = (1 - betas).cumprod(0);
        return new NoiseSchedule(config, betas.data<float>().ToArray(), alphasCumprod.data<float>().ToArray());
    }

    static Tensor Beta(SchedulerConfig config)
    {
        var n = config.NumTrainTimesteps;
        return config.BetaSchedule switch
        {
            BetaSchedule.Linear => linspace(config.BetaStart, config.BetaEnd, n, ScalarType.Float32),
            BetaSchedule.ScaledLinear => linspace(Math.Sqrt(config.BetaStart), Math.Sqrt(config.BetaEnd), n, ScalarType.Float32).square(),
            BetaSchedule.SquaredCosine => tensor(Enumerable.Range(0, n).Select(t => (float)SquaredCosineBeta(t, n)).ToArray()),
            _ => throw new ArgumentOutOfRangeException(nameof(config), config.BetaSchedule, "unknown beta schedule"),
        };
    }

    /// <summary>Improved DDPM (arXiv 2102.09672), equation 17, capped at 0.999.</summary>
    static double SquaredCosineBeta(int t, int count)
    {
        return Math.Min(1 - AlphaBar((t + 1.0) / count) / AlphaBar((double)t / count), 0.999);

        static double AlphaBar(double time) => Math.Pow(Math.Cos((time + 0.008) / 1.008 * Math.PI / 2), 2);
    }

    /// <summary>arXiv 2305.08891, algorithm 1: shifts and scales sqrt(ᾱ) so that its last entry is 0 and its first unchanged.</summary>
    static Tensor RescaleToZeroSnr(Tensor betas)
    {
        var root = (1 - betas).cumprod(0).sqrt();
        var (first, last) = (root[0].clone(), root[-1].clone());
        root = (root - last) * (first / (first - last));
        var bar = root.square();
        var alphas = cat([bar[..1], bar[1..] / bar[..^1]]);
        return 1 - alphas;
    }

    /// <summary>x_t ~ q(x_t | x_0): sqrt(ᾱ_t) x_0 + sqrt(1 - ᾱ_t) noise.</summary>
    /// <param name="original_BX">x_0, [B, ...].</param>
    /// <param name="noise_BX">N(0, I), shaped as <paramref name="original_BX"/>.</param>
    /// <param name="timesteps_B">t of each row, int64.</param>
    public Tensor AddNoise(Tensor original_BX, Tensor noise_BX, Tensor timesteps_B)
    {
        using var scope = NewDisposeScope();
        var (signal, noise) = Roots(timesteps_B, original_BX);
        return (signal * original_BX + noise * noise_BX).MoveToOuterDisposeScope();
    }

    /// <summary>The target of v-prediction: sqrt(ᾱ_t) noise - sqrt(1 - ᾱ_t) x_0 (arXiv 2202.00512, appendix D).</summary>
    /// <inheritdoc cref="AddNoise"/>
    public Tensor Velocity(Tensor original_BX, Tensor noise_BX, Tensor timesteps_B)
    {
        using var scope = NewDisposeScope();
        var (signal, noise) = Roots(timesteps_B, original_BX);
        return (signal * noise_BX - noise * original_BX).MoveToOuterDisposeScope();
    }

    /// <summary>What a model of this schedule's prediction type should say of a noised image: the noise, v, or x_0; a new tensor.</summary>
    /// <inheritdoc cref="AddNoise"/>
    public Tensor Target(Tensor original_BX, Tensor noise_BX, Tensor timesteps_B) => Config.PredictionType switch
    {
        PredictionType.VPrediction => Velocity(original_BX, noise_BX, timesteps_B),
        PredictionType.Sample => original_BX.alias(),
        _ => noise_BX.alias(),
    };

    /// <summary>Signal-to-noise ratio ᾱ_t / (1 - ᾱ_t).</summary>
    /// <param name="timesteps_B">t of each row, int64.</param>
    public Tensor Snr(Tensor timesteps_B)
    {
        using var scope = NewDisposeScope();
        var (signal, noise) = Roots(timesteps_B, timesteps_B);
        return (signal / noise).square().MoveToOuterDisposeScope();
    }

    (Tensor Signal, Tensor Noise) Roots(Tensor timesteps_B, Tensor like_BX)
    {
        var alphas_B = tensor(alphasCumprod, device: timesteps_B.device).index_select(0, timesteps_B).to(like_BX.device)
            .reshape([-1, .. Enumerable.Repeat(1L, (int)like_BX.dim() - 1)]);
        return (alphas_B.sqrt(), (1 - alphas_B).sqrt());
    }
}
