namespace SpoActors.Trainer.Objectives;

/// <summary>
/// Step-by-step preference optimization (SPO, arXiv 2406.04314, section 4.3; RockeyCoss/SPO, train_spo.py):
/// <code>L = - mean log σ( β log clamp(r_win, 1 ± ε) - β log clamp(r_lose, 1 ± ε) ),   r = p_θ(x_{t-1} | x_t) / p_ref(x_{t-1} | x_t)</code>
/// MSPO (train_spo_sdxl.py) is the same over the transitions of a segment, where win and lose have their own x_t.
/// </summary>
public sealed class SpoObjective : IObjective
{
    readonly ClampedRatioLoss loss;

    /// <param name="link">-log σ as published, with β.</param>
    /// <param name="eps">ε, half-width of the trust region of the ratios, between 0 and 1.</param>
    /// <param name="klLimit">Largest KL of a step; null for none.</param>
    public SpoObjective(PreferenceLink link, double eps, double? klLimit = null) => loss = new ClampedRatioLoss(link, eps, klLimit);

    public ObjectiveNetworks Networks => ObjectiveNetworks.Reference;

    public SampleKind Samples => SampleKind.TransitionPair;

    public ObjectiveResult Compute(ObjectiveInputs inputs) => loss.OfTransitions(this, inputs);
}
