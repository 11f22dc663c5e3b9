namespace SpoActors.Trainer.Objectives;

/// <summary>
/// Latent preference optimization (LPO, arXiv 2502.01051; Kwai-Kolors/LPO, train_lpo.py): SPO's loss with another β, at every step, on
/// pairs that are kept by a threshold of their step (Method/Selection/PairThreshold.cs):
/// <code>L = - mean log σ( β log clamp(r_win, 1 ± ε) - β log clamp(r_lose, 1 ± ε) ),   r = p_θ(x_{t-1} | x_t) / p_ref(x_{t-1} | x_t)</code>
/// </summary>
/// <remarks>
/// The published β of 500 lets the argument of σ reach ± 100, where -log(σ(x)) in two steps, as the original has it, is infinite; log σ
/// in one function is not.
/// </remarks>
public sealed class LpoObjective : IObjective
{
    readonly ClampedRatioLoss loss;

    /// <param name="link">-log σ as published, with β.</param>
    /// <param name="eps">ε, half-width of the trust region of the ratios, between 0 and 1.</param>
    /// <param name="klLimit">Largest KL of a step; null for none.</param>
    public LpoObjective(PreferenceLink link, double eps, double? klLimit = null) => loss = new ClampedRatioLoss(link, eps, klLimit);

    public ObjectiveNetworks Networks => ObjectiveNetworks.Reference;

    public SampleKind Samples => SampleKind.TransitionPair;

    public ObjectiveResult Compute(ObjectiveInputs inputs) => loss.OfTransitions(this, inputs);
}
