using static TorchSharp.torch;

namespace SpoActors.Trainer.Checkpoints;

/// <summary>Finds weights that are NaN or infinite.</summary>
static class FiniteWeights
{
    public static bool IsFinite(this Tensor weights)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        if (!weights.is_floating_point()) return true;
        // NaN and infinity survive a sum, which is one pass without memory; a sum that overflows by itself is rare and is looked at value by value.
        return float.IsFinite(weights.sum(ScalarType.Float32).item<float>()) || weights.isfinite().all().item<bool>();
    }
}
