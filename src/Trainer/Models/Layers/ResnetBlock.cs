using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>x + conv2(silu(norm2(conv1(silu(norm1(x))) + time))), the block of the UNet (with time) and of the VAE (without).</summary>
public sealed class ResnetBlock : nn.Module<Tensor, Tensor?, Tensor>
{
    readonly GroupNorm norm1;
    readonly Convolution2d conv1;
    readonly AdaptableLinear? time_emb_proj;
    readonly GroupNorm norm2;
    readonly Convolution2d conv2;
    readonly Convolution2d? conv_shortcut;

    /// <summary>
    /// <paramref name="timeChannels"/> is the width of the time embedding, null for none. Where the channels differ, a 1x1
    /// convolution carries the input over.
    /// </summary>
    public ResnetBlock(int inChannels, int outChannels, int? timeChannels, int groups, double eps, Device? device, ScalarType? dtype)
        : base(nameof(ResnetBlock))
    {
        norm1 = Norms.Group(groups, inChannels, eps, device, dtype);
        conv1 = new Convolution2d(inChannels, outChannels, 3, padding: 1, device: device, dtype: dtype);
        if (timeChannels is { } time) time_emb_proj = new AdaptableLinear(time, outChannels, device: device, dtype: dtype);
        norm2 = Norms.Group(groups, outChannels, eps, device, dtype);
        conv2 = new Convolution2d(outChannels, outChannels, 3, padding: 1, device: device, dtype: dtype);
        if (inChannels != outChannels) conv_shortcut = new Convolution2d(inChannels, outChannels, 1, device: device, dtype: dtype);
        RegisterComponents();
    }

    /// <param name="input_BCHW">[B, C, H, W].</param>
    /// <param name="activatedTime_BT">silu(time embedding), [B, T]: it is the same for all blocks, so the caller computes it once.</param>
    /// <returns>[B, C', H, W].</returns>
    public override Tensor forward(Tensor input_BCHW, Tensor? activatedTime_BT)
    {
        using var scope = NewDisposeScope();
        input_BCHW = GradientCheckpoint.Gather(input_BCHW);
        var hidden = NormSiluConv(norm1, conv1, input_BCHW);
        // A convolution's backward does not need its output, so adding in place is fine under autograd too.
        if (time_emb_proj is not null) hidden.add_(time_emb_proj.call(activatedTime_BT!).unsqueeze(-1).unsqueeze(-1));
        var output = NormSiluConv(norm2, conv2, hidden);
        return output.add_(conv_shortcut?.call(input_BCHW) ?? input_BCHW).MoveToOuterDisposeScope();
    }

    static Tensor NormSiluConv(GroupNorm norm, Convolution2d conv, Tensor x)
    {
        using var activated = Norms.NormSilu(norm, x);
        return conv.call(activated);
    }
}
