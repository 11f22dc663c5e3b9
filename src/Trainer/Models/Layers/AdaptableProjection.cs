using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>A 1x1 convolution, which is a linear layer at every pixel, to which an adapter can be attached.</summary>
public sealed class AdaptableProjection(int inChannels, int outChannels, Device? device = null, ScalarType? dtype = null)
    : AdaptableLayer(nameof(AdaptableProjection), [outChannels, inChannels, 1, 1], hasBias: true, device, dtype)
{
    private protected override Tensor Apply(Tensor input, Tensor weight, Tensor? bias_O) => Convolutions.Conv2d(input, weight, bias_O, [1, 1], [0, 0]);
}
