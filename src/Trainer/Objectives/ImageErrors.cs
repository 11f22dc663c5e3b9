using static TorchSharp.torch;

namespace SpoActors.Trainer.Objectives;

/// <summary>
/// What the objectives of noised pairs are made of: each side's mean squared error of the prediction, l = mean (prediction - target)²
/// over channels and pixels, under the policy and under a reference.
/// </summary>
/// <remarks>
/// Errors are float64: their differences are multiplied by thousands, and 2e-7, the rounding of a float32 mean, is 5e-4 at β 5000. What
/// is made of them has the predictions' type again.
/// </remarks>
/// <param name="Win_M">l_win under the policy, with its gradient.</param>
/// <param name="Lose_M">l_lose under the policy, with its gradient.</param>
/// <param name="WinReference_M">l_win under the reference, detached.</param>
/// <param name="LoseReference_M">l_lose under the reference, detached.</param>
/// <param name="Type">The predictions' type.</param>
sealed record ImageErrors(Tensor Win_M, Tensor Lose_M, Tensor WinReference_M, Tensor LoseReference_M, ScalarType Type)
{
    /// <summary>The errors of a minibatch.</summary>
    /// <param name="objective">Whose they are, for errors.</param>
    /// <param name="inputs">Noised pairs.</param>
    /// <param name="reference">Which prediction is the reference's.</param>
    public static ImageErrors Of(IObjective objective, ObjectiveInputs inputs, Func<SampleSide, Tensor> reference)
    {
        var (win, lose) = (inputs.Win, inputs.LoseOf(objective));
        return new ImageErrors(Of(objective, win, win.Policy_MCHW), Of(objective, lose, lose.Policy_MCHW),
            Of(objective, win, reference(win).detach()), Of(objective, lose, reference(lose).detach()), win.Policy_MCHW.dtype);
    }

    /// <summary>The error of one side's prediction, float64, [M].</summary>
    public static Tensor Of(IObjective objective, SampleSide side, Tensor prediction_MCHW)
    {
        var target_MCHW = ObjectiveInputs.Given(objective, side.Target_MCHW, "what should have been predicted");
        return (prediction_MCHW.to_type(ScalarType.Float64) - target_MCHW.to_type(ScalarType.Float64)).square().flatten(1).mean([1]);
    }

    /// <summary>l_win - l_lose under the policy.</summary>
    public Tensor Gap_M() => (Win_M - Lose_M).to_type(Type);

    /// <summary>(l_win - l_lose) - (l_win,ref - l_lose,ref): negative where the policy separates the pair better than the reference.</summary>
    public Tensor Difference_M() => ((Win_M - Lose_M) - (WinReference_M - LoseReference_M)).to_type(Type);

    /// <summary>Metrics that all these objectives have.</summary>
    /// <param name="margin_M">The implicit reward margin.</param>
    public IReadOnlyList<(string, Tensor)> Metrics(Tensor margin_M) =>
    [
        (ObjectiveMetrics.Margin, margin_M),
        // Strictly more: where training starts every margin is 0, and nothing is right yet.
        (ObjectiveMetrics.Accuracy, margin_M.detach().gt(0)),
        (ObjectiveMetrics.WinError, Win_M),
        (ObjectiveMetrics.LoseError, Lose_M),
    ];

    /// <summary>What is worth seeing of each sample.</summary>
    public IReadOnlyList<(string, Tensor)> Details(Tensor margin_M) =>
    [
        ("margin", margin_M),
        ("error_win", Win_M.to_type(Type)), ("error_lose", Lose_M.to_type(Type)),
        ("error_win_reference", WinReference_M.to_type(Type)), ("error_lose_reference", LoseReference_M.to_type(Type)),
    ];
}
