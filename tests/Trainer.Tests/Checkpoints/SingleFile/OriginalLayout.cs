using System.Text.RegularExpressions;

namespace SpoActors.Trainer.Tests.Checkpoints.SingleFile;

/// <summary>Where diffusers' tensors are in the original layout: the way back, written apart from the program's own.</summary>
/// <param name="layers">Resnets of a down block of the UNet.</param>
/// <param name="upAttention">Of each up block, from the lowest resolution, whether it has transformers.</param>
/// <param name="vaeLevels">Levels of the autoencoder.</param>
sealed partial class OriginalLayout(int layers, bool[] upAttention, int vaeLevels)
{
    public static readonly OriginalLayout Sd15 = new(2, [false, true, true, true], 4), Sdxl = new(2, [true, true, false], 4);

    static readonly (string New, string Old)[] Resnet =
    [
        (".norm1.", ".in_layers.0."), (".conv1.", ".in_layers.2."), (".time_emb_proj.", ".emb_layers.1."), (".norm2.", ".out_layers.0."),
        (".conv2.", ".out_layers.3."), (".conv_shortcut.", ".skip_connection."),
    ];

    static readonly (string New, string Old)[] Ends =
    [
        ("time_embedding.linear_1.", "time_embed.0."), ("time_embedding.linear_2.", "time_embed.2."), ("add_embedding.linear_1.", "label_emb.0.0."),
        ("add_embedding.linear_2.", "label_emb.0.2."), ("conv_in.", "input_blocks.0.0."), ("conv_norm_out.", "out.0."), ("conv_out.", "out.2."),
        ("mid_block.resnets.0.", "middle_block.0."), ("mid_block.attentions.0.", "middle_block.1."), ("mid_block.resnets.1.", "middle_block.2."),
    ];

    public string UNet(string key)
    {
        if (Part().Match(key) is { Success: true } part) return "model.diffusion_model." + InResnet(Block(part));
        var end = Ends.First(e => key.StartsWith(e.New, StringComparison.Ordinal));
        return "model.diffusion_model." + InResnet(end.Old + key[end.New.Length..]);
    }

    public string Vae(string key)
    {
        var name = key.Replace("conv_norm_out", "norm_out", StringComparison.Ordinal).Replace("conv_shortcut", "nin_shortcut", StringComparison.Ordinal)
            .Replace("mid_block.resnets.0.", "mid.block_1.", StringComparison.Ordinal).Replace("mid_block.resnets.1.", "mid.block_2.", StringComparison.Ordinal);
        foreach (var (now, old) in ((string, string)[])[("group_norm", "norm"), ("to_q", "q"), ("to_k", "k"), ("to_v", "v"), ("to_out.0", "proj_out")])
            name = name.Replace($"mid_block.attentions.0.{now}.", $"mid.attn_1.{old}.", StringComparison.Ordinal);
        name = Part().Replace(name, part =>
        {
            var (side, level) = (part.Groups["side"].Value, int.Parse(part.Groups["level"].Value));
            var start = side == "up" ? $"up.{vaeLevels - 1 - level}" : $"down.{level}";
            return part.Groups["kind"].Value == "resnets" ? $"{start}.block.{part.Groups["index"].Value}." : $"{start}.{side}sample.";
        });
        return "first_stage_model." + name;
    }

    /// <summary>Whether a tensor of the autoencoder is a matrix in diffusers, a 1x1 convolution in the original.</summary>
    public static bool IsVaeProjection(string key) =>
        key.Contains("mid_block.attentions.0.to_", StringComparison.Ordinal) && key.EndsWith(".weight", StringComparison.Ordinal);

    /// <summary>The same of a tensor under the original's name.</summary>
    public static bool IsOriginalProjection(string key) =>
        key.Contains("mid.attn_1.", StringComparison.Ordinal) && key.EndsWith(".weight", StringComparison.Ordinal) && !key.Contains("attn_1.norm.", StringComparison.Ordinal);

    string Block(Match part)
    {
        var (level, index, rest) = (int.Parse(part.Groups["level"].Value), int.Parse(part.Groups["index"].Value), part.Result("$'"));
        var down = part.Groups["side"].Value == "down";
        var first = down ? 1 + level * (layers + 1) : level * (layers + 1);
        var side = down ? "input_blocks" : "output_blocks";
        return part.Groups["kind"].Value switch
        {
            "resnets" => $"{side}.{first + index}.0.{rest}",
            "attentions" => $"{side}.{first + index}.1.{rest}",
            "downsamplers" => $"{side}.{first + layers}.0.op.{rest["conv.".Length..]}",
            _ => $"{side}.{first + layers}.{(upAttention[level] ? 2 : 1)}.{rest}",
        };
    }

    // Transformers have norms of the same names, which stay.
    static string InResnet(string key) => key.Contains("transformer_blocks", StringComparison.Ordinal)
        ? key
        : Resnet.Aggregate(key, (name, pair) => name.Replace(pair.New, pair.Old, StringComparison.Ordinal));

    [GeneratedRegex(@"(?<side>down|up)_blocks\.(?<level>\d+)\.(?<kind>resnets|attentions|downsamplers|upsamplers)\.(?<index>\d+)\.")]
    private static partial Regex Part();
}
