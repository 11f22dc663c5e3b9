using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;

namespace SpoActors.Trainer.Method.Selection;

/// <summary>
/// How far apart two candidates must be to make a pair: the same at every step (SPO), or more at the noisy steps (LPO, arXiv 2502.01051;
/// Kwai-Kolors/LPO, compare_funcs.py), linear in v between the last step and the first:
/// <code>threshold(t) = (v_t - v_last) / (v_first - v_last) (max - min) + min,   v = σ_t, σ_t², or t</code>
/// </summary>
/// <remarks>
/// LPO's tables hold four decimals of σ_t, and four of the square of that; so do these, for any number of steps.
/// </remarks>
public sealed class PairThreshold
{
    readonly Dictionary<double, double> byTimestep;

    /// <param name="pairs">The rule and its ends.</param>
    /// <param name="process">Whose steps the candidates are drawn at.</param>
    /// <exception cref="ArgumentException">There is no upper end, or all steps have the same v.</exception>
    public PairThreshold(PairSpecification pairs, IDiffusionProcess process)
    {
        var (rule, minimum) = (pairs.ThresholdRule, pairs.Threshold);
        byTimestep = process.Timesteps.ToDictionary(t => t, _ => minimum);
        if (rule == ThresholdRule.Fixed) return;
        var maximum = pairs.ThresholdMax ?? throw new ArgumentException($"pairs.threshold_max is null; expected the first step's threshold with the rule {rule}", nameof(pairs));
        var (first, last) = (Followed(rule, process, process.Timesteps[0]), Followed(rule, process, process.Timesteps[^1]));
        if (first == last) throw new ArgumentException($"pairs.threshold_rule is {rule}, but all steps are alike; take more than one step, or the rule fixed");
        foreach (var t in process.Timesteps) byTimestep[t] = (Followed(rule, process, t) - last) / (first - last) * (maximum - minimum) + minimum;
    }

    /// <summary>v_t, what a threshold follows.</summary>
    public static double Followed(ThresholdRule rule, IDiffusionProcess process, double timestep)
    {
        var sigma = Math.Round(process.StdDev(timestep), 4);
        return rule switch
        {
            ThresholdRule.Sigma => sigma,
            ThresholdRule.Variance => Math.Round(sigma * sigma, 4),
            ThresholdRule.Timestep => timestep,
            _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, "a fixed threshold follows nothing"),
        };
    }

    /// <summary>The threshold of candidates drawn at a timestep.</summary>
    /// <exception cref="ArgumentException">The trajectory has no such timestep.</exception>
    public double At(double timestep) => byTimestep.TryGetValue(timestep, out var threshold) ? threshold
        : throw new ArgumentException($"timestep {timestep} is none of the trajectory's {string.Join(", ", byTimestep.Keys)}", nameof(timestep));
}
