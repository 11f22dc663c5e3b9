using SpoActors.Trainer.Models.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Vae;

/// <summary>What the blocks of one VAE have in common.</summary>
internal sealed record VaeBlockContext(VaeConfig Config, ComputeOptions Options, Device? Device, ScalarType? DType)
{
    /// <summary>Epsilon of all norms.</summary>
    public const double NormEps = 1e-6;

    public ResnetBlock Resnet(int inChannels, int outChannels) => new(inChannels, outChannels, null, Config.NormNumGroups, NormEps, Device, DType);

    public ModuleList<ResnetBlock> Resnets(int count, int inChannels, int outChannels) =>
        new([.. Enumerable.Range(0, count).Select(layer => Resnet(layer == 0 ? inChannels : outChannels, outChannels))]);

    /// <summary>Runs resnets one after the other; the result is a tensor of its own.</summary>
    public static Tensor Run(ModuleList<ResnetBlock> resnets, ComputeOptions options, Tensor input)
    {
        var hidden = input;
        foreach (var resnet in resnets)
        {
            var next = options.GradientCheckpointing
                ? GradientCheckpoint.Run(arguments => resnet.call(arguments[0]!, null), hidden)
                : resnet.call(hidden, null);
            if (!ReferenceEquals(hidden, input)) hidden.Dispose();
            hidden = next;
        }
        return hidden;
    }
}

/// <summary>Resnets, then a downsampler (not in the last block).</summary>
public sealed class VaeDownBlock : nn.Module<Tensor, Tensor>
{
    readonly ModuleList<ResnetBlock> resnets;
    readonly ModuleList<StridedDownsample>? downsamplers;
    readonly ComputeOptions options;

    internal VaeDownBlock(VaeBlockContext context, int inChannels, int outChannels, bool downsample) : base(nameof(VaeDownBlock))
    {
        options = context.Options;
        resnets = context.Resnets(context.Config.LayersPerBlock, inChannels, outChannels);
        if (downsample) downsamplers = new(new StridedDownsample(outChannels, padding: 0, context.Device, context.DType));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input_BCHW)
    {
        var hidden = VaeBlockContext.Run(resnets, options, input_BCHW);
        if (downsamplers is null) return hidden;
        using (hidden) return downsamplers[0].call(hidden);
    }
}

/// <summary>Resnet, attention, resnet at the lowest resolution.</summary>
public sealed class VaeMidBlock : nn.Module<Tensor, Tensor>
{
    readonly ModuleList<VaeAttention> attentions;
    readonly ModuleList<ResnetBlock> resnets;

    internal VaeMidBlock(VaeBlockContext context, int channels) : base(nameof(VaeMidBlock))
    {
        attentions = new(new VaeAttention(
            channels, context.Config.NormNumGroups, VaeBlockContext.NormEps, context.Options, context.Device, context.DType));
        resnets = context.Resnets(2, channels, channels);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input_BCHW)
    {
        using var first = resnets[0].call(input_BCHW, null);
        using var attended = attentions[0].call(first);
        return resnets[1].call(attended, null);
    }
}

/// <summary>Resnets, then an upsampler (not in the last block).</summary>
public sealed class VaeUpBlock : nn.Module<Tensor, Tensor>
{
    readonly ModuleList<ResnetBlock> resnets;
    readonly ModuleList<NearestUpsample>? upsamplers;
    readonly ComputeOptions options;

    internal VaeUpBlock(VaeBlockContext context, int inChannels, int outChannels, bool upsample) : base(nameof(VaeUpBlock))
    {
        options = context.Options;
        resnets = context.Resnets(context.Config.LayersPerBlock + 1, inChannels, outChannels);
        if (upsample) upsamplers = new(new NearestUpsample(outChannels, context.Device, context.DType));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input_BCHW)
    {
        var hidden = VaeBlockContext.Run(resnets, options, input_BCHW);
        if (upsamplers is null) return hidden;
        using (hidden) return upsamplers[0].call(hidden, null);
    }
}
