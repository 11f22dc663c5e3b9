using System.Globalization;
using System.Text.RegularExpressions;

namespace SpoActors.Trainer.Checkpoints.SingleFile;

/// <summary>
/// The original code's names of the UNet's tensors (openaimodel.py of CompVis latent-diffusion and of Stability's generative-models).
/// Its blocks are numbered through all levels: a level has so many resnets, each with or without a transformer, and a resampling.
/// </summary>
static partial class OriginalUNetNames
{
    static readonly Dictionary<string, string> Fixed = new(StringComparer.Ordinal)
    {
        ["time_embed.0"] = "time_embedding.linear_1",
        ["time_embed.2"] = "time_embedding.linear_2",
        ["label_emb.0.0"] = "add_embedding.linear_1",
        ["label_emb.0.2"] = "add_embedding.linear_2",
        ["input_blocks.0.0"] = "conv_in",
        ["out.0"] = "conv_norm_out",
        ["out.2"] = "conv_out",
    };

    static readonly Dictionary<string, string> Resnet = new(StringComparer.Ordinal)
    {
        ["in_layers.0"] = "norm1",
        ["in_layers.2"] = "conv1",
        ["emb_layers.1"] = "time_emb_proj",
        ["out_layers.0"] = "norm2",
        ["out_layers.3"] = "conv2",
        ["skip_connection"] = "conv_shortcut",
    };

    /// <summary>A view under diffusers' names; names that the original does not have stay as they are. Takes over the source.</summary>
    /// <exception cref="CheckpointException">Two tensors get the same name.</exception>
    public static MappedTensorSource AsDiffusers(ITensorSource source)
    {
        var layers = LayersPerBlock(source.Tensors.Keys);
        return MappedTensorSource.Renamed(source, key => Diffusers(key, layers));
    }

    /// <summary>diffusers' path of a layer under the original's name; null where the original has no such layer.</summary>
    /// <param name="path">Such as <c>input_blocks.1.0.in_layers.2</c>.</param>
    /// <param name="layersPerBlock">Resnets of an input block.</param>
    public static string? Layer(string path, int layersPerBlock)
    {
        const string Ending = ".weight";
        var key = path + Ending;
        var name = Diffusers(key, layersPerBlock);
        return name == key ? null : name[..^Ending.Length];
    }

    /// <summary>diffusers' path of one of the layers outside the blocks, whose original name has underscores for dots; null for others.</summary>
    public static string? Single(string flat) => Fixed.FirstOrDefault(f => f.Key.Replace('.', '_') == flat).Value;

    /// <summary>Resnets of an input block: the first level ends with the first downsampling; without one there is only that level.</summary>
    static int LayersPerBlock(IEnumerable<string> keys)
    {
        var (firstDownsampling, last) = (int.MaxValue, 1);
        foreach (var block in keys.Select(k => Block().Match(k)).Where(m => m.Success && m.Groups["side"].Value == "input"))
        {
            var number = Number(block, "block");
            last = Math.Max(last, number);
            if (block.Groups["rest"].Value.StartsWith("op.", StringComparison.Ordinal)) firstDownsampling = Math.Min(firstDownsampling, number);
        }
        return Math.Max(1, firstDownsampling == int.MaxValue ? last : firstDownsampling - 1);
    }

    static string Diffusers(string key, int layers)
    {
        var end = key.LastIndexOf('.');
        if (end > 0 && Fixed.TryGetValue(key[..end], out var name)) return name + key[end..];
        if (Middle().Match(key) is { Success: true } middle)
            return MiddleBlock(Number(middle, "part"), middle.Groups["rest"].Value) ?? key;
        if (Block().Match(key) is not { Success: true } block) return key;
        var (number, part, rest) = (Number(block, "block"), Number(block, "part"), block.Groups["rest"].Value);
        return (block.Groups["side"].Value == "input"
            ? InputBlock((number - 1) / (layers + 1), (number - 1) % (layers + 1), part, rest, layers)
            : OutputBlock(number / (layers + 1), number % (layers + 1), part, rest)) ?? key;
    }

    static string? MiddleBlock(int part, string rest) => part == 1
        ? $"mid_block.attentions.0.{rest}"
        : ResnetPart(rest) is { } inner ? $"mid_block.resnets.{part / 2}.{inner}" : null;

    static string? InputBlock(int level, int layer, int part, string rest, int layers) => (part, layer == layers) switch
    {
        (0, true) => Below(rest, "op.") is { } inner ? $"down_blocks.{level}.downsamplers.0.conv.{inner}" : null,
        (0, false) => ResnetPart(rest) is { } inner ? $"down_blocks.{level}.resnets.{layer}.{inner}" : null,
        (1, false) => $"down_blocks.{level}.attentions.{layer}.{rest}",
        _ => null,
    };

    // The upsampling follows the level's last resnet, and its transformer where the level has them.
    static string? OutputBlock(int level, int layer, int part, string rest)
    {
        if (part == 0) return ResnetPart(rest) is { } inner ? $"up_blocks.{level}.resnets.{layer}.{inner}" : null;
        if (Below(rest, "conv.") is { } convolution) return $"up_blocks.{level}.upsamplers.0.conv.{convolution}";
        return part == 1 ? $"up_blocks.{level}.attentions.{layer}.{rest}" : null;
    }

    static string? ResnetPart(string rest)
    {
        var end = rest.LastIndexOf('.');
        return end > 0 && Resnet.TryGetValue(rest[..end], out var name) ? name + rest[end..] : null;
    }

    static string? Below(string rest, string prefix) => rest.StartsWith(prefix, StringComparison.Ordinal) ? rest[prefix.Length..] : null;

    static int Number(Match match, string group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<side>input|output)_blocks\.(?<block>[0-9]{1,3})\.(?<part>[0-2])\.(?<rest>.+)$")]
    private static partial Regex Block();

    [GeneratedRegex(@"^middle_block\.(?<part>[0-2])\.(?<rest>.+)$")]
    private static partial Regex Middle();
}
