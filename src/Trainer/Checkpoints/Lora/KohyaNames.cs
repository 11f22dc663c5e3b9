namespace SpoActors.Trainer.Checkpoints.Lora;

/// <summary>
/// kohya's names of layers: the path in the UNet with underscores for dots. Some parts of a path hold underscores themselves, so the
/// way back takes either the model's paths or, without a model, the words that a UNet's paths are made of.
/// </summary>
static class KohyaNames
{
    // Longest first: "to_out" is tried before "to".
    static readonly string[] Words =
    [
        .. ((string[])
        [
            "down_blocks", "up_blocks", "mid_block", "attentions", "resnets", "transformer_blocks", "attn1", "attn2", "to_q", "to_k", "to_v",
            "to_out", "ff", "net", "proj", "proj_in", "proj_out", "conv", "conv1", "conv2", "conv_in", "conv_out", "conv_shortcut",
            "time_emb_proj", "time_embedding", "add_embedding", "linear_1", "linear_2", "downsamplers", "upsamplers",
        ]).OrderByDescending(w => w.Length),
    ];

    public static string Flatten(string path) => path.Replace('.', '_');

    /// <summary>The paths of a model by their flat names.</summary>
    public static IReadOnlyDictionary<string, string> Index(IEnumerable<string> modulePaths)
    {
        var index = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var path in modulePaths) index.TryAdd(Flatten(path), path);
        return index;
    }

    /// <summary>The path of a flat name; null if it is not made of the words of a UNet's paths.</summary>
    public static string? Unflatten(string flat)
    {
        var parts = new List<string>();
        for (var start = 0; start < flat.Length; start += parts[^1].Length + 1)
        {
            var rest = flat.AsSpan(start);
            var length = NumberLength(rest);
            if (length == 0) length = WordLength(rest);
            if (length == 0) return null;
            parts.Add(rest[..length].ToString());
        }
        var path = string.Join('.', parts);
        return parts.Count > 0 && Flatten(path) == flat ? path : null;
    }

    static int NumberLength(ReadOnlySpan<char> rest)
    {
        var length = rest.IndexOfAnyExceptInRange('0', '9');
        if (length < 0) length = rest.Length;
        return EndsPart(rest, length) ? length : 0;
    }

    static int WordLength(ReadOnlySpan<char> rest)
    {
        foreach (var word in Words)
            if (rest.StartsWith(word, StringComparison.Ordinal) && EndsPart(rest, word.Length)) return word.Length;
        return 0;
    }

    static bool EndsPart(ReadOnlySpan<char> rest, int length) => length > 0 && (length == rest.Length || rest[length] == '_');
}
