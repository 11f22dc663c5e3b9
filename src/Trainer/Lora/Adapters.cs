using SpoActors.Specification;
using SpoActors.Trainer.Lora.Files;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Lora;

/// <summary>Attaches the adapter that a run starts from.</summary>
public static class Adapters
{
    /// <summary>A fresh adapter, keyed by the run's seed, or the weights that the specification names.</summary>
    /// <exception cref="Checkpoints.CheckpointException">The file is no LoRA.</exception>
    /// <exception cref="LoraException">It is not one of this model.</exception>
    public static LoraAdapter Create(nn.Module unet, LoraSpecification lora, CounterBasedRandom random)
    {
        if (lora.InitialWeights is not { } path) return LoraAdapter.Attach(unet, lora, random.LoraInitialization);
        using var scope = NewDisposeScope();
        return LoraAdapter.Attach(unet, LoraWeights.Read(path, unet, lora.Ignore));
    }
}
