using SpoActors.Specification;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Pipelines;

/// <summary>A look at a model and at the autoencoder that takes its own's place, before either is loaded.</summary>
static class ModelInputs
{
    /// <summary>The model on the meta device, which has shapes and no values; null where it cannot be used.</summary>
    /// <param name="specification">What the configuration names.</param>
    /// <param name="problems">Gets everything that is wrong.</param>
    public static DiffusionModel? Check(ModelSpecification specification, List<Problem> problems)
    {
        using var decoder = problems.Try(specification.Vae is null ? "model.path" : "model.vae", "the model's autoencoder", () => LatentDecoderLoading.Load(specification, META));
        // Another autoencoder that cannot be used has been reported; the model has one of its own.
        var itself = decoder is null ? specification with { Vae = null } : specification;
        return problems.Try("model.path", "a complete Stable Diffusion model", () => DiffusionModel.Load(itself, META));
    }
}
