using SpoActors.Specification;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Extension;

/// <summary>
/// An objective that src doesn't know, whole: fine-tuning on the preferred images alone, in proportion to how much worse the slow copy does.
/// <code>L = mean ( w (ε_θ(x_t) - ε)² ),   w = σ(β (l_slow - l))</code>
/// </summary>
sealed class PreferredOnlyObjective(double beta) : IObjective
{
    public static void Register() => ObjectiveRegistry.Register(
        new ObjectiveKind("preferred_only", [FlowKind.OwnPairs], new ObjectiveSpecification { Beta = 10, Guidance = false, SlowDecay = 0.9 }),
        settings => new PreferredOnlyObjective(settings.Beta!.Value));

    public ObjectiveNetworks Networks => ObjectiveNetworks.Slow;

    public SampleKind Samples => SampleKind.NoisedPair;

    public ObjectiveResult Compute(ObjectiveInputs inputs)
    {
        using var scope = NewDisposeScope();
        var target_MCHW = ObjectiveInputs.Given(this, inputs.Win.Target_MCHW, "what should have been predicted");
        var error_M = Error(inputs.Win.Policy_MCHW);
        var weight_M = (beta * (Error(inputs.Win.SlowOf(this)) - error_M).detach()).sigmoid();
        return ObjectiveResult.Of(weight_M * error_M, [("weight", weight_M)], []).MoveToOuterDisposeScope();

        Tensor Error(Tensor prediction_MCHW) => (prediction_MCHW - target_MCHW).square().flatten(1).mean([1]);
    }
}
