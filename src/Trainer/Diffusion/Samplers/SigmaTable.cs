namespace SpoActors.Trainer.Diffusion.Samplers;

/// <summary>
/// Noise levels σ = sqrt((1 - ᾱ) / ᾱ) of the training timesteps and between them, as the samplers of Karras et al. (arXiv 2206.00364)
/// see the process: x = x_0 + σ noise.
/// </summary>
sealed class SigmaTable
{
    const double Rho = 7;

    /// <summary>Where the schedule ends at zero signal, σ would be infinite; this is diffusers' substitute.</summary>
    const float SmallestAlpha = 1f / (1 << 24);

    readonly float[] sigmas;
    readonly double[] logSigmas;

    public SigmaTable(NoiseSchedule schedule)
    {
        sigmas = [.. schedule.AlphasCumprod.Select(a => MathF.Max(a, SmallestAlpha)).Select(a => MathF.Sqrt((1 - a) / a))];
        logSigmas = [.. sigmas.Select(s => (double)MathF.Log(s))];
    }

    public double Smallest => sigmas[0];

    public double Largest => sigmas[^1];

    /// <summary>σ at a timestep that need not be whole, interpolated linearly; past the ends of the table it is that of the end, as numpy's interp has it.</summary>
    public double At(double timestep)
    {
        timestep = Math.Clamp(timestep, 0, sigmas.Length - 1);
        var low = Math.Clamp((int)Math.Floor(timestep), 0, sigmas.Length - 2);
        return sigmas[low] + ((double)sigmas[low + 1] - sigmas[low]) * (timestep - low);
    }

    /// <summary>The timestep of a σ, interpolated in log σ.</summary>
    public double TimestepOf(double sigma)
    {
        var log = Math.Log(Math.Max(sigma, 1e-10));
        var low = Math.Clamp(logSigmas.Count(l => l <= log) - 1, 0, logSigmas.Length - 2);
        var weight = Math.Clamp((logSigmas[low] - log) / (logSigmas[low] - logSigmas[low + 1]), 0, 1);
        return (1 - weight) * low + weight * (low + 1);
    }

    /// <summary>Karras' noise levels from largest to smallest (equation 5), without the final 0.</summary>
    public static double[] Karras(double largest, double smallest, int steps)
    {
        double low = Math.Pow(smallest, 1 / Rho), high = Math.Pow(largest, 1 / Rho);
        return [.. SpacedTimesteps.Linspace(0, 1, steps).Select(ramp => Math.Pow(high + ramp * (low - high), Rho))];
    }
}
