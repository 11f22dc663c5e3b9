using SpoActors.Trainer.Models.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.UNet;

/// <summary>What the blocks of one UNet have in common.</summary>
internal sealed record UNetBlockContext(UNetConfig Config, ComputeOptions Options, Device? Device, ScalarType? DType)
{
    public ResnetBlock Resnet(int inChannels, int outChannels) =>
        new(inChannels, outChannels, Config.TimeEmbeddingDim, Config.NormNumGroups, Config.NormEps, Device, DType);

    public SpatialTransformer Transformer(int channels, int heads, int layers) => new(channels, heads, layers, Config, Options, Device, DType);

    public Tensor Run(ResnetBlock resnet, Tensor input, Tensor time) => Options.GradientCheckpointing
        ? GradientCheckpoint.Run(arguments => resnet.call(arguments[0]!, arguments[1]), input, time)
        : resnet.call(input, time);
}

/// <summary>Resnets, each with a transformer where the block attends to the text, then a downsampler (not in the last block).</summary>
public sealed class UNetDownBlock : nn.Module<Tensor, Tensor, Tensor, IReadOnlyList<Tensor>>
{
    readonly ModuleList<ResnetBlock> resnets = new();
    readonly ModuleList<SpatialTransformer>? attentions;
    readonly ModuleList<StridedDownsample>? downsamplers;
    readonly UNetBlockContext context;

    internal UNetDownBlock(UNetBlockContext context, int level, int inChannels) : base(nameof(UNetDownBlock))
    {
        this.context = context;
        var config = context.Config;
        var channels = config.BlockOutChannels[level];
        if (config.DownAttention[level]) attentions = new();
        for (var layer = 0; layer < config.LayersPerBlock[level]; layer++)
        {
            resnets.Add(context.Resnet(layer == 0 ? inChannels : channels, channels));
            attentions?.Add(context.Transformer(channels, config.AttentionHeads[level], config.TransformerLayersPerBlock[level]));
        }
        if (level < config.BlockOutChannels.Count - 1)
            downsamplers = new(new StridedDownsample(channels, config.DownsamplePadding, context.Device, context.DType));
        RegisterComponents();
    }

    /// <param name="input_BCHW">[B, C, H, W].</param>
    /// <param name="activatedTime_BT">silu(time embedding), [B, T].</param>
    /// <param name="text_BSD">[B, S, D].</param>
    /// <returns>The hidden state after each layer and after the downsampler: the skip connections; the last is the block's result.</returns>
    public override IReadOnlyList<Tensor> forward(Tensor input_BCHW, Tensor activatedTime_BT, Tensor text_BSD)
    {
        using var scope = NewDisposeScope();
        var outputs = new List<Tensor>();
        var hidden = input_BCHW;
        for (var layer = 0; layer < resnets.Count; layer++)
        {
            hidden = context.Run(resnets[layer], hidden, activatedTime_BT);
            if (attentions is not null) hidden = attentions[layer].call(hidden, text_BSD);
            outputs.Add(hidden.MoveToOuterDisposeScope());
        }
        if (downsamplers is not null) outputs.Add(downsamplers[0].call(hidden).MoveToOuterDisposeScope());
        return outputs;
    }
}

/// <summary>Resnet, transformer, resnet at the lowest resolution.</summary>
public sealed class UNetMidBlock : nn.Module<Tensor, Tensor, Tensor, Tensor>
{
    readonly ModuleList<SpatialTransformer> attentions;
    readonly ModuleList<ResnetBlock> resnets;
    readonly UNetBlockContext context;

    internal UNetMidBlock(UNetBlockContext context) : base(nameof(UNetMidBlock))
    {
        this.context = context;
        var config = context.Config;
        var channels = config.BlockOutChannels[^1];
        resnets = new(context.Resnet(channels, channels), context.Resnet(channels, channels));
        attentions = new(context.Transformer(channels, config.AttentionHeads[^1], config.TransformerLayersPerBlock[^1]));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input_BCHW, Tensor activatedTime_BT, Tensor text_BSD)
    {
        using var scope = NewDisposeScope();
        var hidden = context.Run(resnets[0], input_BCHW, activatedTime_BT);
        hidden = attentions[0].call(hidden, text_BSD);
        return context.Run(resnets[1], hidden, activatedTime_BT).MoveToOuterDisposeScope();
    }
}

/// <summary>Resnets over the hidden state joined with a skip connection, each with a transformer where the block attends to the text, then an upsampler (not in the last block).</summary>
public sealed class UNetUpBlock : nn.Module<Tensor, UNetUpBlock.Arguments, Tensor>
{
    readonly ModuleList<ResnetBlock> resnets = new();
    readonly ModuleList<SpatialTransformer>? attentions;
    readonly ModuleList<NearestUpsample>? upsamplers;
    readonly UNetBlockContext context;

    /// <param name="context">What all blocks share.</param>
    /// <param name="level">Counted as in the down path, from the highest resolution.</param>
    /// <param name="inChannels">Channels of the hidden state that comes in.</param>
    internal UNetUpBlock(UNetBlockContext context, int level, int inChannels) : base(nameof(UNetUpBlock))
    {
        this.context = context;
        var config = context.Config;
        var channels = config.BlockOutChannels[level];
        // The last skip connection comes from the block above in the down path (or from conv_in).
        var lastSkip = config.BlockOutChannels[Math.Max(level - 1, 0)];
        var layers = config.LayersPerBlock[level] + 1;
        if (config.UpAttention[level]) attentions = new();
        for (var layer = 0; layer < layers; layer++)
        {
            var skip = layer == layers - 1 ? lastSkip : channels;
            resnets.Add(context.Resnet((layer == 0 ? inChannels : channels) + skip, channels));
            attentions?.Add(context.Transformer(channels, config.AttentionHeads[level], config.TransformerLayersPerBlock[level]));
        }
        if (level > 0) upsamplers = new(new NearestUpsample(channels, context.Device, context.DType));
        RegisterComponents();
    }

    /// <summary>Number of skip connections that the block takes.</summary>
    public int Layers => resnets.Count;

    /// <param name="input_BCHW">[B, C, H, W].</param>
    /// <param name="arguments">The rest.</param>
    /// <returns>[B, C', H', W'].</returns>
    public override Tensor forward(Tensor input_BCHW, Arguments arguments)
    {
        using var scope = NewDisposeScope();
        var hidden = input_BCHW;
        for (var layer = 0; layer < resnets.Count; layer++)
        {
            using var joined = cat([hidden, arguments.Skips[layer]], 1);
            hidden = context.Run(resnets[layer], joined, arguments.ActivatedTime_BT);
            if (attentions is not null) hidden = attentions[layer].call(hidden, arguments.Text_BSD);
        }
        if (upsamplers is not null) hidden = upsamplers[0].call(hidden, arguments.UpsampleSize);
        return hidden.MoveToOuterDisposeScope();
    }

    /// <param name="Skips">Skip connections in the order in which they are used.</param>
    /// <param name="ActivatedTime_BT">silu(time embedding), [B, T].</param>
    /// <param name="Text_BSD">[B, S, D].</param>
    /// <param name="UpsampleSize">Height and width to enlarge to; null for twice the input's.</param>
    public sealed record Arguments(IReadOnlyList<Tensor> Skips, Tensor ActivatedTime_BT, Tensor Text_BSD, long[]? UpsampleSize);
}
