using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>A 3x3 convolution of stride 2. Key <c>conv</c>.</summary>
public sealed class StridedDownsample : nn.Module<Tensor, Tensor>
{
    readonly Convolution2d conv;
    readonly bool padRightAndBottom;

    /// <summary><paramref name="padding"/> 1 pads all sides (UNet); 0 pads one zero right and bottom only (the VAE's encoder).</summary>
    public StridedDownsample(int channels, int padding, Device? device, ScalarType? dtype) : base(nameof(StridedDownsample))
    {
        conv = new Convolution2d(channels, channels, 3, stride: 2, padding: padding, device: device, dtype: dtype);
        padRightAndBottom = padding == 0;
        RegisterComponents();
    }

    public override Tensor forward(Tensor input_BCHW)
    {
        if (!padRightAndBottom) return conv.call(input_BCHW);
        using var padded = nn.functional.pad(input_BCHW, [0, 1, 0, 1]);
        return conv.call(padded);
    }
}

/// <summary>Nearest-neighbour enlargement and a 3x3 convolution. Key <c>conv</c>.</summary>
public sealed class NearestUpsample : nn.Module<Tensor, long[]?, Tensor>
{
    readonly Convolution2d conv;
    DoublingConvolution? doubling;

    public NearestUpsample(int channels, Device? device, ScalarType? dtype) : base(nameof(NearestUpsample))
    {
        conv = new Convolution2d(channels, channels, 3, padding: 1, device: device, dtype: dtype);
        RegisterComponents();
    }

    /// <param name="input_BCHW">[B, C, H, W].</param>
    /// <param name="size">Height and width to enlarge to; null for twice the input's.</param>
    public override Tensor forward(Tensor input_BCHW, long[]? size)
    {
        if (size is null && DoublingConvolution.Suits(input_BCHW, conv.weight)) return Doubling().Apply(input_BCHW);
        size ??= [2 * input_BCHW.shape[2], 2 * input_BCHW.shape[3]];
        using var enlarged = nn.functional.interpolate(input_BCHW, size, mode: InterpolationMode.Nearest);
        return conv.call(enlarged);
    }

    DoublingConvolution Doubling()
    {
        if (doubling?.IsOf(conv) == true) return doubling;
        doubling?.Dispose();
        return doubling = new DoublingConvolution(conv);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) doubling?.Dispose();
        base.Dispose(disposing);
    }
}
