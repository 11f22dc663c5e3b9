namespace SpoActors.Trainer.Objectives;

/// <summary>
/// Direct preference for denoising diffusion policy optimization (D3PO, arXiv 2311.13231; yk7333/d3po, scripts/rm/train_d3po.py):
/// <code>L = - mean log σ( h (β log clamp(r_win, 1 ± ε) - β log clamp(r_lose, 1 ± ε)) ),   r = p_θ(x_{t-1} | x_t) / p_ref(x_{t-1} | x_t)</code>
/// The judge sees only the final images of two trajectories: every step of the better one wins over the same step of the other. h is 0
/// where no image is better: the loss is log 2 and passes no gradient, but the pair counts in the mean.
/// </summary>
public sealed class D3poObjective : IObjective
{
    readonly ClampedRatioLoss loss;

    /// <param name="link">-log σ as published, with β.</param>
    /// <param name="eps">ε, half-width of the trust region of the ratios, between 0 and 1.</param>
    /// <param name="klLimit">Largest KL of a step; null for none.</param>
    public D3poObjective(PreferenceLink link, double eps, double? klLimit = null) => loss = new ClampedRatioLoss(link, eps, klLimit);

    public ObjectiveNetworks Networks => ObjectiveNetworks.Reference;

    public SampleKind Samples => SampleKind.TransitionPair;

    public ObjectiveResult Compute(ObjectiveInputs inputs) => loss.OfTransitions(this, inputs);
}
