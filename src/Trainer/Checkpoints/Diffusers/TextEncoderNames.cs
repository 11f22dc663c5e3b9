namespace SpoActors.Trainer.Checkpoints.Diffusers;

/// <summary>Names of a text encoder's tensors: old and new versions of transformers, and some merges, leave <c>text_model.</c> out.</summary>
static class TextEncoderNames
{
    const string Prefix = "text_model.";

    static readonly string[] Parts = ["embeddings.", "encoder.", "final_layer_norm."];

    /// <summary>A view with the prefix; the source itself where it has it. Takes over the source.</summary>
    /// <exception cref="CheckpointException">A tensor is there with and without it.</exception>
    public static ITensorSource Modernise(ITensorSource source) => source.Tensors.Keys.Any(IsWithout)
        ? MappedTensorSource.Renamed(source, key => IsWithout(key) ? Prefix + key : key)
        : source;

    static bool IsWithout(string key) => Array.Exists(Parts, p => key.StartsWith(p, StringComparison.Ordinal));
}
