using static TorchSharp.torch;

namespace SpoActors.Trainer.Objectives;

/// <summary>
/// SPO on the direction in noise between two candidates (GradSPO; JoshuaTTJ/GradSPO, train_gradspo.py and loss.py):
/// <code>
/// L = - mean log σ( β log clamp(r_win, 1 ± ε) - β log clamp(r_lose, 1 ± ε) )
/// log p = - mean (ε_θ(x_t) - ε*)²,   ε* = ε_slow(x_t) ∓ s sqrt(1 - ᾱ_t) (z_win - z_lose) / 2
/// </code>
/// z are the noises that made the candidates; the upper sign is the win's. ε_slow is the prediction of a moving average of the policy,
/// which also samples. The candidates themselves take no part, only their noises.
/// </summary>
public sealed class GradSpoObjective : IObjective
{
    readonly ClampedRatioLoss loss;
    readonly double scale;

    /// <param name="link">-log σ as published, with β.</param>
    /// <param name="eps">ε of the clamp, between 0 and 1.</param>
    /// <param name="gradScale">s, more than 0.</param>
    /// <param name="klLimit">Largest KL of a step; null for none.</param>
    public GradSpoObjective(PreferenceLink link, double eps, double gradScale, double? klLimit = null)
    {
        if (!(gradScale > 0)) throw new ArgumentOutOfRangeException(nameof(gradScale), gradScale, $"grad_scale is {gradScale}; expected more than 0");
        (loss, scale) = (new ClampedRatioLoss(link, eps, klLimit), gradScale);
    }

    public ObjectiveNetworks Networks => ObjectiveNetworks.Reference | ObjectiveNetworks.Slow;

    public SampleKind Samples => SampleKind.TransitionPair;

    public bool UsesNoise => true;

    public bool SamplesSlowCopy => true;

    public bool SlowCopyMovesEachMinibatch => true;

    public ObjectiveResult Compute(ObjectiveInputs inputs)
    {
        using var scope = NewDisposeScope();
        var (win, lose) = (inputs.Win, inputs.LoseOf(this));
        var direction_MCHW = Direction(Noise(win), Noise(lose));
        var (targetWin_MCHW, targetLose_MCHW) = (Target(win, direction_MCHW), Target(lose, -direction_MCHW));
        return loss.Compute(inputs,
            LogProb(win, win.Policy_MCHW, targetWin_MCHW), LogProb(win, win.ReferenceOf(this), targetWin_MCHW),
            LogProb(lose, lose.Policy_MCHW, targetLose_MCHW), LogProb(lose, lose.ReferenceOf(this), targetLose_MCHW)).MoveToOuterDisposeScope();

        Tensor Noise(SampleSide side) => ObjectiveInputs.Given(this, side.Noise_MCHW, "the candidate's noise");

        Tensor Target(SampleSide side, Tensor towards_MCHW) =>
            Epsilon(side, side.SlowOf(this)).detach() - scale * inputs.Process.NoiseLevel(side.Timesteps_M, towards_MCHW) * towards_MCHW;

        Tensor LogProb(SampleSide side, Tensor prediction_MCHW, Tensor target_MCHW) =>
            -(Epsilon(side, prediction_MCHW) - target_MCHW).square().flatten(1).mean([1]);

        Tensor Epsilon(SampleSide side, Tensor prediction_MCHW) => inputs.Process.Predict(prediction_MCHW, side.Timesteps_M, side.Current_MCHW).Epsilon;
    }

    /// <summary>From the middle of two candidates to the better one, in noise.</summary>
    /// <param name="win">The noise that made the better candidate.</param>
    /// <param name="lose">The other's.</param>
    public static Tensor Direction(Tensor win, Tensor lose) => (win - lose) / 2;
}
