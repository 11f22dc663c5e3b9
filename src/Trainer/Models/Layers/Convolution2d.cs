using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>A 2-D convolution with a square kernel.</summary>
public sealed class Convolution2d : WeightedLayer
{
    readonly long[] strides;
    readonly long[] paddings;

    public Convolution2d(int inChannels, int outChannels, int kernel, int stride = 1, int padding = 0, bool hasBias = true, Device? device = null, ScalarType? dtype = null)
        : base(nameof(Convolution2d), [outChannels, inChannels, kernel, kernel], hasBias, device, dtype) =>
        (strides, paddings) = ([stride, stride], [padding, padding]);

    /// <param name="input_BCHW">[B, C, H, W].</param>
    /// <returns>[B, C', H', W'], a tensor of its own that the caller may change in place.</returns>
    public override Tensor forward(Tensor input_BCHW)
    {
        var type = ComputeType.Of(weight);
        if (type == weight.dtype) return Convolutions.Conv2d(input_BCHW, weight, bias, strides, paddings);
        using var scope = NewDisposeScope();
        return Convolutions.Conv2d(input_BCHW.to_type(type), weight.to_type(type), bias?.to_type(type), strides, paddings)
            .to_type(input_BCHW.dtype).MoveToOuterDisposeScope();
    }
}
