using static TorchSharp.torch;

namespace SpoActors.Trainer.Objectives;

/// <summary>
/// What SPO, LPO, D3PO and GradSPO share once they have their log-probabilities:
/// <code>L = mean link( h (β log clamp(r_win, 1 ± ε) - β log clamp(r_lose, 1 ± ε)) ),   r = p_θ / p_ref</code>
/// h is 0 for a tie, else 1.
/// </summary>
sealed class ClampedRatioLoss
{
    readonly PreferenceLink link;
    readonly double low, high;
    readonly double? klLimit;

    /// <param name="link">How the margin becomes a loss; its β pulls towards the reference.</param>
    /// <param name="eps">ε, half-width of the trust region of the ratios, between 0 and 1.</param>
    /// <param name="klLimit">Largest KL of a step; null for none (<see cref="StepKl"/>).</param>
    public ClampedRatioLoss(PreferenceLink link, double eps, double? klLimit)
    {
        if (!(eps is > 0 and < 1)) throw new ArgumentOutOfRangeException(nameof(eps), eps, $"eps is {eps}; expected between 0 and 1");
        if (klLimit is <= 0 or double.NaN) throw new ArgumentOutOfRangeException(nameof(klLimit), klLimit, $"kl_limit is {klLimit}; expected more than 0");
        (this.link, this.klLimit, low, high) = (link, klLimit, Math.Log(1 - eps), Math.Log(1 + eps));
    }

    /// <summary>The loss of pairs of transitions: r is the ratio of their probabilities.</summary>
    /// <param name="objective">Whose loss it is, for errors.</param>
    /// <param name="inputs">Pairs with the reference's predictions.</param>
    public ObjectiveResult OfTransitions(IObjective objective, ObjectiveInputs inputs)
    {
        using var scope = NewDisposeScope();
        var (win, lose) = (inputs.Win, inputs.LoseOf(objective));
        return Compute(inputs,
            LogProb(win, win.Policy_MCHW), LogProb(win, win.ReferenceOf(objective)),
            LogProb(lose, lose.Policy_MCHW), LogProb(lose, lose.ReferenceOf(objective))).MoveToOuterDisposeScope();

        Tensor LogProb(SampleSide side, Tensor prediction_MCHW) =>
            inputs.Process.LogProb(prediction_MCHW, side.Timesteps_M, side.Current_MCHW, ObjectiveInputs.Given(objective, side.Next_MCHW, "x_{t-1}"));
    }

    /// <summary>The loss of the sides' log-probabilities under policy and reference, [M] each.</summary>
    public ObjectiveResult Compute(ObjectiveInputs inputs, Tensor win_M, Tensor winReference_M, Tensor lose_M, Tensor loseReference_M)
    {
        using var scope = NewDisposeScope();
        var (beta, h_M) = (link.Beta, inputs.Preference_M);
        var logRatioWin_M = win_M - winReference_M.detach();
        var logRatioLose_M = lose_M - loseReference_M.detach();

        // log clamp(exp(d), 1 - ε, 1 + ε) is clamp(d, log(1 - ε), log(1 + ε)), values and gradients alike, and exp cannot overflow.
        var clampedWin_M = logRatioWin_M.clamp(low, high);
        var clampedLose_M = logRatioLose_M.clamp(low, high);

        var x_M = beta * clampedWin_M - beta * clampedLose_M;
        var losses_M = link.Loss(h_M is null ? x_M : h_M * x_M);

        var margin_M = beta * (logRatioWin_M.detach() - logRatioLose_M.detach());
        if (h_M is not null) margin_M = h_M * margin_M;
        var (ratioWin_M, ratioLose_M) = (clampedWin_M.detach().exp(), clampedLose_M.detach().exp());
        var clipped_M = (clampedWin_M.ne(logRatioWin_M).to_type(ScalarType.Float32) + clampedLose_M.ne(logRatioLose_M).to_type(ScalarType.Float32)) / 2;
        return StepKl.Limited(inputs, losses_M, klLimit,
            [
                (ObjectiveMetrics.Margin, margin_M),
                (ObjectiveMetrics.Accuracy, margin_M.gt(0)),
                (ObjectiveMetrics.WinRatio, ratioWin_M),
                (ObjectiveMetrics.LoseRatio, ratioLose_M),
                (ObjectiveMetrics.ClipShare, clipped_M),
            ],
            [
                ("log_prob_win", win_M), ("log_prob_win_reference", winReference_M), ("log_prob_lose", lose_M), ("log_prob_lose_reference", loseReference_M),
                ("log_ratio_win", logRatioWin_M), ("log_ratio_lose", logRatioLose_M), ("ratio_win", ratioWin_M), ("ratio_lose", ratioLose_M), ("logit", x_M),
            ]).MoveToOuterDisposeScope();
    }
}
