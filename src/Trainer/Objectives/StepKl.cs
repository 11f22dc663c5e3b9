using static TorchSharp.torch;

namespace SpoActors.Trainer.Objectives;

/// <summary>
/// How far the policy's steps are from the base model's: the exact KL of a step, a metric of every objective of transitions that has the
/// base model's predictions anyway, and optionally its trust region. Costs no forward pass and carries no gradient.
/// </summary>
/// <remarks>
/// The trust region: where the KL of a sample's step (of a pair the larger of its two) exceeds the limit, the sample keeps its loss but
/// passes no gradient, and still counts in the mean: a step gets smaller as more of the batch has left the region. The rule of dropped
/// elements is that of UniRL's flow DPPO (Tencent-Hunyuan/UniRL, flowdppo.py), which drops a sample only where the ratio moves on outwards.
/// </remarks>
public static class StepKl
{
    /// <summary>As <see cref="ObjectiveResult.Of"/>, with the KL among the metrics and the trust region applied.</summary>
    /// <param name="inputs">Transitions; without the reference's predictions there is no KL.</param>
    /// <param name="losses_M">The loss of each sample.</param>
    /// <param name="limit">Largest KL of a step, a mean over elements; null for no trust region.</param>
    /// <param name="metrics">Metrics of each sample, [M].</param>
    /// <param name="details">What else is worth seeing of each sample, [M].</param>
    public static ObjectiveResult Limited(
        ObjectiveInputs inputs, Tensor losses_M, double? limit,
        IReadOnlyList<(string Name, Tensor Values_M)> metrics, IReadOnlyList<(string Name, Tensor Values_M)> details)
    {
        using var scope = NewDisposeScope();
        if (Measure(inputs) is not { } kl_SM)
        {
            return limit is null
                ? ObjectiveResult.Of(losses_M, metrics, details).MoveToOuterDisposeScope()
                : throw new ArgumentException("kl_limit needs the reference's prediction of each sample; none was given", nameof(inputs));
        }
        List<(string, Tensor)> all = [.. metrics, (ObjectiveMetrics.Kl, kl_SM.mean([0]))];
        if (limit is { } largest)
        {
            var exceeded_M = kl_SM.amax([0]).gt(largest);
            losses_M = where(exceeded_M, losses_M.detach(), losses_M);
            all.Add((ObjectiveMetrics.KlExceeded, exceeded_M));
        }
        return ObjectiveResult.Of(losses_M, all, details).MoveToOuterDisposeScope();
    }

    /// <summary>KL of each side's step, [sides, M]; null without a reference.</summary>
    static Tensor? Measure(ObjectiveInputs inputs)
    {
        SampleSide[] sides = inputs.Lose is { } lose ? [inputs.Win, lose] : [inputs.Win];
        if (!Array.TrueForAll(sides, s => s.Reference_MCHW is not null)) return null;
        using var noGradient = no_grad();
        return stack(sides.Select(s => inputs.Process.Kl(s.Policy_MCHW, s.Reference_MCHW!, s.Timesteps_M, s.Current_MCHW)).ToArray());
    }
}
