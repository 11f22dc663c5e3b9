using static TorchSharp.torch;

namespace SpoActors.Trainer.Objectives;

/// <summary>
/// Direct preference optimization on images (Diffusion-DPO, arXiv 2311.12908, equation 14; SalesforceAIResearch/DiffusionDPO, train.py):
/// <code>L = - mean log σ( - β/2 ((l_win - l_lose) - (l_win,ref - l_lose,ref)) ),   l = mean (ε_θ(x_t) - ε)²</code>
/// Both images are noised to the same t with the same ε. The paper's weight T ω(λ_t) is constant inside β, as in the original.
/// </summary>
public sealed class DiffusionDpoObjective(PreferenceLink link) : IObjective
{
    public ObjectiveNetworks Networks => ObjectiveNetworks.Reference;

    public SampleKind Samples => SampleKind.NoisedPair;

    public ObjectiveResult Compute(ObjectiveInputs inputs)
    {
        using var scope = NewDisposeScope();
        var errors = ImageErrors.Of(this, inputs, side => side.ReferenceOf(this));
        var margin_M = -0.5 * link.Beta * errors.Difference_M();
        return ObjectiveResult.Of(link.Loss(margin_M), errors.Metrics(margin_M), errors.Details(margin_M)).MoveToOuterDisposeScope();
    }
}
