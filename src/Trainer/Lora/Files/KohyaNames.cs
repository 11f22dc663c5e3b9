using System.Globalization;
using System.Text.RegularExpressions;
using SpoActors.Trainer.Checkpoints.SingleFile;

namespace SpoActors.Trainer.Lora.Files;

/// <summary>
/// kohya's names of layers: the path in the UNet with underscores for dots. Some parts of a path hold underscores themselves, so the
/// way back takes either the model's paths or, without a model, the words that a UNet's paths are made of.
/// </summary>
static partial class KohyaNames
{
    /// <summary>Resnets of a level, and a resampling, in the original numbering; SD 1.x, 2.x and XL all have two resnets, in the up path three.</summary>
    const int BlocksOfALevel = 3;

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

    /// <summary>
    /// The path of a flat name; null if it is not made of the words of a UNet's paths. For SDXL, kohya-ss names the blocks as the original
    /// code does, numbered through all levels; its layers, which are those of transformers, are called the same.
    /// </summary>
    public static string? Unflatten(string flat)
    {
        if (OriginalLayer().Match(flat) is { Success: true } layer) return OriginalUNetNames.Layer(OriginalPath(layer), BlocksOfALevel - 1);
        if (OriginalTransformer().Match(flat) is { Success: true } original)
            return Transformer(original) is { } transformer && SplitWords(original.Groups["rest"].Value) is { } rest ? $"{transformer}.{rest}" : null;
        return OriginalUNetNames.Single(flat) ?? SplitWords(flat);
    }

    static string OriginalPath(Match layer) => string.Join('.', ((string[])["block", "number", "part", "rest"])
        .Where(g => layer.Groups[g].Success).Select(g => g == "rest" ? OriginalRest(layer.Groups[g].Value) : layer.Groups[g].Value));

    // in_layers_2 is in_layers.2; the other parts of the original's names hold no number.
    static string OriginalRest(string rest) => rest.LastIndexOf('_') is var end and > 0 && char.IsAsciiDigit(rest[^1]) ? $"{rest[..end]}.{rest[(end + 1)..]}" : rest;

    static string? Transformer(Match original)
    {
        if (!original.Groups["block"].Success) return "mid_block.attentions.0";
        var isDown = original.Groups["side"].Value == "input";
        // Input block 0 is the first convolution.
        var block = int.Parse(original.Groups["block"].ValueSpan, CultureInfo.InvariantCulture) - (isDown ? 1 : 0);
        return block < 0 ? null : $"{(isDown ? "down" : "up")}_blocks.{block / BlocksOfALevel}.attentions.{block % BlocksOfALevel}";
    }

    static string? SplitWords(string flat)
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

    [GeneratedRegex("^(?:(?<side>input|output)_blocks_(?<block>[1-9]?[0-9])|middle_block)_1_(?<rest>.+)$")]
    private static partial Regex OriginalTransformer();

    [GeneratedRegex(@"^(?:(?<block>(?:input|output)_blocks)_(?<number>[0-9]{1,2})|(?<block>middle_block))_(?<part>[0-2])_(?<rest>in_layers_[0-9]|out_layers_[0-9]|emb_layers_[0-9]|skip_connection|op|conv)\z")]
    private static partial Regex OriginalLayer();

    static bool EndsPart(ReadOnlySpan<char> rest, int length) => length > 0 && (length == rest.Length || rest[length] == '_');
}
