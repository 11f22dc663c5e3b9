using static TorchSharp.torch;

namespace SpoActors.Trainer.Objectives;

/// <summary>
/// Denoising diffusion policy optimization with importance sampling and clipping (DDPO, arXiv 2305.13301, section 4.3; PPO,
/// arXiv 1707.06347, equation 7; kvablack/ddpo-pytorch, scripts/train.py):
/// <code>L = mean max( - A r, - A clamp(r, 1 ± c) ),   r = p_θ(x_{t-1} | x_t) / p_old(x_{t-1} | x_t),   A = clamp(advantage, ± a)</code>
/// p_old is the policy that sampled; the advantage is that of the final image (<see cref="PromptStatistics"/>).
/// </summary>
/// <remarks>
/// max is PPO's pessimistic bound: a ratio that has left the range in the direction which A asks for passes no gradient, one that has
/// left it in the other direction keeps its gradient. Log-probabilities are means over elements, so published ranges are tiny (1e-4).
/// <para>The base model takes no part, so its KL is measured only where <c>kl_limit</c> asks for its predictions.</para>
/// </remarks>
public sealed class DdpoObjective : IObjective
{
    readonly double clipRange, advantageClip;
    readonly double? klLimit;

    /// <param name="clipRange">c, between 0 and 1.</param>
    /// <param name="advantageClip">a, more than 0.</param>
    /// <param name="klLimit">Largest KL of a step to the base model; null for none.</param>
    public DdpoObjective(double clipRange, double advantageClip, double? klLimit = null)
    {
        if (!(clipRange is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(clipRange), clipRange, $"clip_range is {clipRange}; expected between 0 and 1");
        if (!(advantageClip > 0)) throw new ArgumentOutOfRangeException(nameof(advantageClip), advantageClip, $"advantage_clip is {advantageClip}; expected more than 0");
        if (klLimit is <= 0 or double.NaN) throw new ArgumentOutOfRangeException(nameof(klLimit), klLimit, $"kl_limit is {klLimit}; expected more than 0");
        (this.clipRange, this.advantageClip, this.klLimit) = (clipRange, advantageClip, klLimit);
    }

    public ObjectiveNetworks Networks => klLimit is null ? ObjectiveNetworks.None : ObjectiveNetworks.Reference;

    public SampleKind Samples => SampleKind.Transition;

    public ObjectiveResult Compute(ObjectiveInputs inputs)
    {
        using var scope = NewDisposeScope();
        var side = inputs.Win;
        var old_M = ObjectiveInputs.Given(this, inputs.SampledLogProb_M, "the log-probability under the policy that sampled");

        // One image far better than the rest of its prompt must not outweigh a whole batch.
        var advantage_M = ObjectiveInputs.Given(this, inputs.Advantage_M, "an advantage").clamp(-advantageClip, advantageClip);
        var logProb_M = inputs.Process.LogProb(side.Policy_MCHW, side.Timesteps_M, side.Current_MCHW, ObjectiveInputs.Given(this, side.Next_MCHW, "x_{t-1}"));
        var logRatio_M = logProb_M - old_M.detach();
        var ratio_M = logRatio_M.exp();
        var clamped_M = ratio_M.clamp(1 - clipRange, 1 + clipRange);

        // Where both are equal each passes half of the gradient, and inside the range both are the same function.
        var unclipped_M = -advantage_M * ratio_M;
        var clipped_M = -advantage_M * clamped_M;
        var losses_M = maximum(unclipped_M, clipped_M);

        return StepKl.Limited(inputs, losses_M, klLimit,
            [
                ("advantage", advantage_M),
                ("ratio", ratio_M),
                (ObjectiveMetrics.ClipShare, (ratio_M.detach() - 1).abs().gt(clipRange)),
                ("kl_sampled", 0.5 * logRatio_M.detach().square()),
            ],
            [("log_prob", logProb_M), ("ratio", ratio_M), ("ratio_clamped", clamped_M), ("advantage", advantage_M), ("loss_unclipped", unclipped_M), ("loss_clipped", clipped_M)])
            .MoveToOuterDisposeScope();
    }
}
