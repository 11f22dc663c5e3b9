namespace SpoActors.Trainer.Checkpoints.Diffusers;

/// <summary>What training leaves beside an autoencoder's weights: the loss with its discriminator, counters, a running average.</summary>
static class VaeLeftovers
{
    static readonly string[] Prefixes = ["loss.", "model_ema.", "discriminator.", "perceptual_loss.", "quantize.", "logvar", "global_step", "epoch", "num_updates", "decay"];

    /// <summary>A view without them; the source itself where there are none. Takes over the source.</summary>
    public static ITensorSource LeaveOut(ITensorSource source) => source.Tensors.Keys.Any(IsLeftover)
        ? new MappedTensorSource(source, source.Tensors.Keys.Where(k => !IsLeftover(k)).ToDictionary(k => k, k => new MappedTensor(k), StringComparer.Ordinal))
        : source;

    static bool IsLeftover(string key) => Array.Exists(Prefixes, p => key.StartsWith(p, StringComparison.Ordinal));
}
