using SpoActors.Trainer.Models.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Vae;

/// <summary>From an image to the moments of its latents, before <c>quant_conv</c>.</summary>
public sealed class VaeEncoder : nn.Module<Tensor, Tensor>
{
    readonly Convolution2d conv_in;
    readonly ModuleList<VaeDownBlock> down_blocks = new();
    readonly VaeMidBlock mid_block;
    readonly GroupNorm conv_norm_out;
    readonly Convolution2d conv_out;

    internal VaeEncoder(VaeBlockContext context) : base(nameof(VaeEncoder))
    {
        var (config, channels) = (context.Config, context.Config.BlockOutChannels);
        conv_in = new Convolution2d(config.InChannels, channels[0], 3, padding: 1, device: context.Device, dtype: context.DType);
        for (var level = 0; level < channels.Count; level++)
            down_blocks.Add(new VaeDownBlock(context, channels[Math.Max(level - 1, 0)], channels[level], downsample: level < channels.Count - 1));
        mid_block = new VaeMidBlock(context, channels[^1]);
        conv_norm_out = Norms.Group(config.NormNumGroups, channels[^1], VaeBlockContext.NormEps, context.Device, context.DType);
        conv_out = new Convolution2d(channels[^1], 2 * config.LatentChannels, 3, padding: 1, device: context.Device, dtype: context.DType);
        RegisterComponents();
    }

    /// <param name="image_BCHW">[B, 3, H, W] in -1 .. 1.</param>
    /// <returns>[B, 2C, h, w].</returns>
    public override Tensor forward(Tensor image_BCHW)
    {
        using var scope = NewDisposeScope();
        var hidden = conv_in.call(image_BCHW);
        foreach (var block in (nn.Module<Tensor, Tensor>[])[.. down_blocks, mid_block])
        {
            var next = block.call(hidden);
            hidden.Dispose();
            hidden = next;
        }
        return conv_out.call(Norms.NormSilu(conv_norm_out, hidden)).contiguous().MoveToOuterDisposeScope();
    }
}

/// <summary>From latents, after <c>post_quant_conv</c>, to an image.</summary>
public sealed class VaeDecoder : nn.Module<Tensor, Tensor>
{
    readonly Convolution2d conv_in;
    readonly VaeMidBlock mid_block;
    readonly ModuleList<VaeUpBlock> up_blocks = new();
    readonly GroupNorm conv_norm_out;
    readonly Convolution2d conv_out;

    internal VaeDecoder(VaeBlockContext context) : base(nameof(VaeDecoder))
    {
        var (config, channels) = (context.Config, context.Config.BlockOutChannels);
        conv_in = new Convolution2d(config.LatentChannels, channels[^1], 3, padding: 1, device: context.Device, dtype: context.DType);
        mid_block = new VaeMidBlock(context, channels[^1]);
        for (var level = channels.Count - 1; level >= 0; level--)
            up_blocks.Add(new VaeUpBlock(context, channels[Math.Min(level + 1, channels.Count - 1)], channels[level], upsample: level > 0));
        conv_norm_out = Norms.Group(config.NormNumGroups, channels[0], VaeBlockContext.NormEps, context.Device, context.DType);
        conv_out = new Convolution2d(channels[0], config.OutChannels, 3, padding: 1, device: context.Device, dtype: context.DType);
        RegisterComponents();
    }

    /// <param name="latents_BCHW">[B, C, h, w].</param>
    /// <returns>[B, 3, H, W], not clamped.</returns>
    public override Tensor forward(Tensor latents_BCHW)
    {
        using var scope = NewDisposeScope();
        var hidden = conv_in.call(latents_BCHW);
        foreach (var block in (nn.Module<Tensor, Tensor>[])[mid_block, .. up_blocks])
        {
            var next = block.call(hidden);
            hidden.Dispose();
            hidden = next;
        }
        var normed = Norms.NormSilu(conv_norm_out, hidden);
        hidden.Dispose();
        // In the usual layout, whatever the layers used.
        return conv_out.call(normed).contiguous().MoveToOuterDisposeScope();
    }
}
