using static TorchSharp.torch;

namespace SpoActors.Trainer.Objectives;

/// <summary>
/// Linear-DPO (Whynot0101/Linear-DPO, train_sd_dpo.py), whose reference is a moving average of the policy:
/// <code>L = mean w (l_win - l_lose),   w = clamp( 0.2 β ((l_win - l_lose) - (l_win,slow - l_lose,slow)) + 0.5, η, 1 - η ),   l = mean (ε_θ(x_t) - ε)²</code>
/// w is a constant to the gradient: a straight line in place of Diffusion-DPO's sigmoid, larger where the policy separates the pair worse
/// than the average does, and never 0. The loss may be negative.
/// </summary>
public sealed class LinearDpoObjective : IObjective
{
    readonly double beta, minWeight;

    /// <param name="beta">β, more than 0.</param>
    /// <param name="minWeight">η, from 0 to 0.5.</param>
    public LinearDpoObjective(double beta, double minWeight)
    {
        if (!(beta > 0)) throw new ArgumentOutOfRangeException(nameof(beta), beta, $"beta is {beta}; expected more than 0");
        if (!(minWeight is >= 0 and <= 0.5)) throw new ArgumentOutOfRangeException(nameof(minWeight), minWeight, $"min_weight is {minWeight}; expected from 0 to 0.5");
        (this.beta, this.minWeight) = (beta, minWeight);
    }

    public ObjectiveNetworks Networks => ObjectiveNetworks.Slow;

    public SampleKind Samples => SampleKind.NoisedPair;

    public ObjectiveResult Compute(ObjectiveInputs inputs)
    {
        using var scope = NewDisposeScope();
        var errors = ImageErrors.Of(this, inputs, side => side.SlowOf(this));
        var difference_M = errors.Difference_M().detach();
        var weightUnclamped_M = 0.2 * beta * difference_M + 0.5;
        // At 0 a pair would never be learned from again, at 1 it would count for two.
        var weight_M = weightUnclamped_M.clamp(minWeight, 1 - minWeight);
        var losses_M = weight_M * errors.Gap_M();

        var margin_M = -0.5 * beta * difference_M;
        return ObjectiveResult.Of(losses_M, [.. errors.Metrics(margin_M), ("weight", weight_M)],
            [.. errors.Details(margin_M), ("weight", weight_M), ("weight_unclamped", weightUnclamped_M)]).MoveToOuterDisposeScope();
    }
}
