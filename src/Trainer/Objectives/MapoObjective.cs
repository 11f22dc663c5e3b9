using static TorchSharp.torch;

namespace SpoActors.Trainer.Objectives;

/// <summary>
/// Margin-aware preference optimization (MaPO, arXiv 2406.06424; mapo-t2i/mapo, utils.py compute_loss), which has no reference:
/// <code>L = mean l_win - β mean log σ( k (m(l_win) - m(l_lose)) ),   m(l) = s l / (e^(s l) - 1),   l = mean (prediction - target)²</code>
/// k is 1000, the timesteps of training; s, <c>snr_value</c>, is a constant, not the signal-to-noise ratio at t.
/// </summary>
public sealed class MapoObjective : IObjective
{
    /// <summary>Below it the series is taken, whose first term left out is x⁸ / 1209600: 1e-14 there.</summary>
    const double Small = 0.1;

    readonly double beta, steepness, scale;

    /// <param name="beta">β, weight of the preference term.</param>
    /// <param name="snrValue">s, more than 0.</param>
    /// <param name="scoreScale">k, more than 0.</param>
    public MapoObjective(double beta, double snrValue, double scoreScale)
    {
        foreach (var (name, value) in new[] { ("beta", beta), ("snr_value", snrValue), ("score_scale", scoreScale) })
            if (!(value > 0)) throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}; expected more than 0");
        (this.beta, steepness, scale) = (beta, snrValue, scoreScale);
    }

    public ObjectiveNetworks Networks => ObjectiveNetworks.None;

    public SampleKind Samples => SampleKind.NoisedPair;

    public ObjectiveResult Compute(ObjectiveInputs inputs)
    {
        using var scope = NewDisposeScope();
        var (win, lose) = (inputs.Win, inputs.LoseOf(this));
        var (errorWin_M, errorLose_M) = (ImageErrors.Of(this, win, win.Policy_MCHW), ImageErrors.Of(this, lose, lose.Policy_MCHW));
        var (scoreWin_M, scoreLose_M) = (Score(errorWin_M), Score(errorLose_M));
        // The errors are float64 up to here: k makes 1e-4 of a float32 rounding of m.
        var margin_M = (scale * (scoreWin_M - scoreLose_M)).to_type(win.Policy_MCHW.dtype);
        var preference_M = beta * nn.functional.logsigmoid(margin_M);
        return ObjectiveResult.Of(errorWin_M.to_type(margin_M.dtype) - preference_M,
            [
                (ObjectiveMetrics.Margin, margin_M),
                (ObjectiveMetrics.Accuracy, margin_M.detach().gt(0)),
                (ObjectiveMetrics.WinError, errorWin_M),
                (ObjectiveMetrics.LoseError, errorLose_M),
            ],
            [("margin", margin_M), ("error_win", errorWin_M), ("error_lose", errorLose_M), ("score_win", scoreWin_M), ("score_lose", scoreLose_M), ("preference", preference_M)])
            .MoveToOuterDisposeScope();
    }

    /// <summary>m(l): 1 for no error, falling to 0.</summary>
    /// <param name="error_M">l.</param>
    public Tensor Score(Tensor error_M)
    {
        using var scope = NewDisposeScope();
        var x_M = steepness * error_M;
        var isSmall_M = x_M.lt(Small);

        // x / (e^x - 1) is 0 / 0 at 0, and its derivative loses the digits of 1 / x² near 0, which k multiplies: its series there,
        // 1 - x/2 + x²/12 - x⁴/720 + x⁶/30240. The quotient gets a harmless x where it is not taken, since 0 * NaN would be its gradient.
        var square_M = x_M.square();
        var series_M = 1 - x_M / 2 + square_M / 12 - square_M.square() / 720 + square_M.square() * square_M / 30240;
        var large_M = where(isSmall_M, ones_like(x_M), x_M);
        return where(isSmall_M, series_M, large_M / large_M.expm1()).MoveToOuterDisposeScope();
    }
}
