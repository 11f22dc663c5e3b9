using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.SingleFile;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Checkpoints.SingleFile;

/// <summary>Names that are in every published checkpoint, so that a mistake in both directions of the mapping cannot hide.</summary>
public sealed class OriginalNamesTests
{
    // The downsamplings tell how many resnets a level has.
    static readonly string[] Sd15Downsamplings = ["input_blocks.3.0.op.weight", "input_blocks.6.0.op.weight", "input_blocks.9.0.op.weight"];

    [Theory]
    [InlineData("time_embed.2.bias", "time_embedding.linear_2.bias")]
    [InlineData("label_emb.0.0.weight", "add_embedding.linear_1.weight")]
    [InlineData("input_blocks.0.0.weight", "conv_in.weight")]
    [InlineData("input_blocks.1.0.in_layers.0.weight", "down_blocks.0.resnets.0.norm1.weight")]
    [InlineData("input_blocks.2.1.transformer_blocks.0.attn2.to_out.0.bias", "down_blocks.0.attentions.1.transformer_blocks.0.attn2.to_out.0.bias")]
    [InlineData("input_blocks.3.0.op.bias", "down_blocks.0.downsamplers.0.conv.bias")]
    [InlineData("input_blocks.4.0.skip_connection.weight", "down_blocks.1.resnets.0.conv_shortcut.weight")]
    [InlineData("input_blocks.11.0.out_layers.3.weight", "down_blocks.3.resnets.1.conv2.weight")]
    [InlineData("middle_block.0.emb_layers.1.bias", "mid_block.resnets.0.time_emb_proj.bias")]
    [InlineData("middle_block.1.proj_in.weight", "mid_block.attentions.0.proj_in.weight")]
    [InlineData("middle_block.2.out_layers.0.bias", "mid_block.resnets.1.norm2.bias")]
    [InlineData("output_blocks.2.1.conv.weight", "up_blocks.0.upsamplers.0.conv.weight")]
    [InlineData("output_blocks.5.2.conv.weight", "up_blocks.1.upsamplers.0.conv.weight")]
    [InlineData("output_blocks.8.1.norm.weight", "up_blocks.2.attentions.2.norm.weight")]
    [InlineData("output_blocks.11.0.in_layers.2.weight", "up_blocks.3.resnets.2.conv1.weight")]
    [InlineData("out.0.weight", "conv_norm_out.weight")]
    [InlineData("out.2.bias", "conv_out.bias")]
    [InlineData("input_blocks.3.0.in_layers.0.weight", "input_blocks.3.0.in_layers.0.weight")]
    [InlineData("input_blocks.1.0.unknown.weight", "input_blocks.1.0.unknown.weight")]
    [InlineData("anything", "anything")]
    public void UNet_OfAKnownName_IsDiffusersName(string original, string expected)
    {
        using var view = OriginalUNetNames.AsDiffusers(Source([.. Sd15Downsamplings, original]));
        Assert.Contains(expected, view.Tensors.Keys);
    }

    [Theory]
    [InlineData("encoder.down.0.block.1.conv2.weight", "encoder.down_blocks.0.resnets.1.conv2.weight")]
    [InlineData("encoder.down.1.block.0.nin_shortcut.weight", "encoder.down_blocks.1.resnets.0.conv_shortcut.weight")]
    [InlineData("encoder.down.2.downsample.conv.bias", "encoder.down_blocks.2.downsamplers.0.conv.bias")]
    [InlineData("encoder.mid.block_1.norm1.weight", "encoder.mid_block.resnets.0.norm1.weight")]
    [InlineData("decoder.mid.block_2.conv1.weight", "decoder.mid_block.resnets.1.conv1.weight")]
    [InlineData("decoder.mid.attn_1.norm.bias", "decoder.mid_block.attentions.0.group_norm.bias")]
    [InlineData("decoder.mid.attn_1.q.weight", "decoder.mid_block.attentions.0.to_q.weight")]
    [InlineData("decoder.mid.attn_1.proj_out.bias", "decoder.mid_block.attentions.0.to_out.0.bias")]
    [InlineData("decoder.up.0.block.2.norm2.weight", "decoder.up_blocks.3.resnets.2.norm2.weight")]
    [InlineData("decoder.up.3.upsample.conv.weight", "decoder.up_blocks.0.upsamplers.0.conv.weight")]
    [InlineData("decoder.norm_out.weight", "decoder.conv_norm_out.weight")]
    [InlineData("decoder.conv_out.bias", "decoder.conv_out.bias")]
    [InlineData("post_quant_conv.weight", "post_quant_conv.weight")]
    public void Vae_OfAKnownName_IsDiffusersName(string original, string expected)
    {
        using var view = OriginalVaeNames.AsDiffusers(Source(["decoder.up.3.block.0.norm1.weight", original]));
        Assert.Contains(expected, view.Tensors.Keys);
    }

    [Fact]
    public void AsDiffusers_WhenTwoNamesMeanOneTensor_NamesBoth()
    {
        var error = Assert.Throws<CheckpointException>(() => OriginalUNetNames.AsDiffusers(Source(["input_blocks.0.0.weight", "conv_in.weight"])));
        Assert.Contains("'conv_in.weight' twice: as 'input_blocks.0.0.weight' and as 'conv_in.weight'", error.Message, StringComparison.Ordinal);
    }

    static ShapesOnly Source(string[] keys) => new(keys.Distinct().ToDictionary(k => k, _ => new TensorDescription(ScalarType.Float32, [1])));

    sealed class ShapesOnly(IReadOnlyDictionary<string, TensorDescription> tensors) : ITensorSource
    {
        public string Origin => "shapes";

        public IReadOnlyDictionary<string, TensorDescription> Tensors => tensors;

        public Tensor Load(string key) => throw new KeyNotFoundException(key);

        public void Dispose() { }
    }
}
