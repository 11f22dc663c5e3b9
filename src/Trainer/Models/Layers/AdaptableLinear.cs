using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>y = x W^T + b, to which an adapter can be attached.</summary>
public sealed class AdaptableLinear(int inFeatures, int outFeatures, bool hasBias = true, Device? device = null, ScalarType? dtype = null)
    : AdaptableLayer(nameof(AdaptableLinear), [outFeatures, inFeatures], hasBias, device, dtype)
{
    private protected override Tensor Apply(Tensor input, Tensor weight, Tensor? bias_O) => nn.functional.linear(input, weight, bias_O);
}
