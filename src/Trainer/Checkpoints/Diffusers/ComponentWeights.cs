namespace SpoActors.Trainer.Checkpoints.Diffusers;

/// <summary>The weights in a component's folder, whatever they are called: diffusers' or transformers' name, whole or in shards, of a variant or not.</summary>
public static class ComponentWeights
{
    const string AnyVariant = "fp16";

    // diffusers' names and transformers', the better format first.
    static readonly (string Stem, string Extension)[] Stems =
    [
        ("diffusion_pytorch_model", "safetensors"), ("model", "safetensors"), ("diffusion_pytorch_model", "bin"), ("pytorch_model", "bin"),
    ];

    /// <summary>What a folder should hold, for messages.</summary>
    public const string Expected = "diffusion_pytorch_model.safetensors or model.safetensors, their .fp16 variant or their index of shards; or the same as .bin";

    /// <summary>Opens the weights in a folder. The names are diffusers' present ones.</summary>
    /// <param name="folder">The component's folder.</param>
    /// <param name="variant">Prefer files of this variant, such as fp16; null prefers those without.</param>
    /// <exception cref="CheckpointException">Files are missing or malformed.</exception>
    public static ITensorSource Open(string folder, string? variant = null)
    {
        var path = Find(folder, variant) ?? throw new CheckpointException(Directory.Exists(folder) && Shards(folder) is [var shard, ..]
            ? $"'{folder}' holds shards such as '{Path.GetFileName(shard)}', but not the index that lists them; expected {Expected}."
            : $"'{folder}' holds no weights; expected {Expected}.");
        var source = path.EndsWith(".json", StringComparison.Ordinal) ? ShardIndex.Open(path) : CheckpointFile.Open(path);
        return VaeAttentionNames.Modernise(source);
    }

    /// <summary>Path of the weights or of their index; null where there are none.</summary>
    public static string? Find(string folder, string? variant = null) =>
        ((string?[])[variant, null, AnyVariant]).SelectMany(Names).Select(n => Path.Combine(folder, n)).FirstOrDefault(File.Exists);

    static string[] Shards(string folder) => Directory.GetFiles(folder, "*-of-*.safetensors");

    static IEnumerable<string> Names(string? variant)
    {
        var infix = variant is null ? "" : $".{variant}";
        foreach (var (stem, extension) in Stems)
        {
            yield return $"{stem}{infix}.{extension}";
            yield return $"{stem}.{extension}.index{infix}.json";
        }
    }
}
