using System.Globalization;
using System.Text.RegularExpressions;
using SpoActors.Trainer.Checkpoints.Diffusers;

namespace SpoActors.Trainer.Checkpoints.SingleFile;

/// <summary>
/// The original code's names of the autoencoder's tensors (model.py of CompVis latent-diffusion). Its decoder counts levels from the
/// highest resolution, diffusers' from the lowest.
/// </summary>
static partial class OriginalVaeNames
{
    /// <summary>A view under diffusers' names; names that the original does not have stay as they are. Takes over the source.</summary>
    /// <exception cref="CheckpointException">Two tensors get the same name.</exception>
    public static ITensorSource AsDiffusers(ITensorSource source)
    {
        var lastLevel = source.Tensors.Keys.Select(k => Level().Match(k)).Where(m => m.Groups["side"].Value == "up").Select(m => Number(m, "level")).DefaultIfEmpty(0).Max();
        // The original's attention is made of 1x1 convolutions.
        return VaeAttentionNames.Modernise(MappedTensorSource.Renamed(source, key => Diffusers(key, lastLevel)));
    }

    static string Diffusers(string key, int lastLevel)
    {
        if (Level().Match(key) is { Success: true } level)
        {
            var (coder, side, number) = (level.Groups["coder"].Value, level.Groups["side"].Value, Number(level, "level"));
            if (side == "up") number = lastLevel - number;
            var part = level.Groups["layer"] is { Success: true } layer ? $"resnets.{layer.Value}." : $"{side}samplers.0.conv.";
            return $"{coder}.{side}_blocks.{number}.{part}{Shortcut(level.Groups["rest"].Value)}";
        }
        if (Middle().Match(key) is not { Success: true } middle) return key.Replace("coder.norm_out.", "coder.conv_norm_out.", StringComparison.Ordinal);
        var (block, rest) = ($"{middle.Groups["coder"].Value}.mid_block.", middle.Groups["rest"].Value);
        return middle.Groups["layer"] is { Success: true } resnet
            ? $"{block}resnets.{Number(resnet) - 1}.{Shortcut(rest)}"
            : $"{block}attentions.0.{Attention(rest)}";
    }

    static string Shortcut(string rest) => rest.Replace("nin_shortcut.", "conv_shortcut.", StringComparison.Ordinal);

    static string Attention(string rest)
    {
        var end = rest.IndexOf('.', StringComparison.Ordinal);
        var name = (end < 0 ? rest : rest[..end]) switch { "norm" => "group_norm", "q" => "to_q", "k" => "to_k", "v" => "to_v", "proj_out" => "to_out.0", var other => other };
        return end < 0 ? name : name + rest[end..];
    }

    static int Number(Match match, string group) => Number(match.Groups[group]);

    static int Number(Group group) => int.Parse(group.ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<coder>encoder|decoder)\.(?<side>down|up)\.(?<level>[0-9]{1,3})\.(?:block\.(?<layer>[0-9]{1,3})|(?:down|up)sample\.conv)\.(?<rest>.+)$")]
    private static partial Regex Level();

    [GeneratedRegex(@"^(?<coder>encoder|decoder)\.mid\.(?:block_(?<layer>[12])|attn_1)\.(?<rest>.+)$")]
    private static partial Regex Middle();
}
