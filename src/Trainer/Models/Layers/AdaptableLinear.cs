using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>
/// y = x W^T + b, to which an adapter can be attached. The adapter is no part of the state dict: the base model's keys stay what
/// they were.
/// </summary>
public sealed class AdaptableLinear : WeightedLayer
{
    public AdaptableLinear(int inFeatures, int outFeatures, bool hasBias = true, Device? device = null, ScalarType? dtype = null)
        : base(nameof(AdaptableLinear), [outFeatures, inFeatures], hasBias, device, dtype) =>
        (InFeatures, OutFeatures) = (inFeatures, outFeatures);

    public int InFeatures { get; }

    public int OutFeatures { get; }

    /// <summary>The adapter's part at this layer, or null.</summary>
    internal IWeightUpdate? Update { get; set; }

    /// <param name="input">[..., in].</param>
    /// <returns>[..., out], a tensor of its own that the caller may change in place.</returns>
    public override Tensor forward(Tensor input)
    {
        var type = ComputeType.Of(weight);
        if (type == weight.dtype) return Apply(input, weight, bias);
        using var scope = NewDisposeScope();
        return Apply(input.to_type(type), weight.to_type(type), bias?.to_type(type)).to_type(input.dtype).MoveToOuterDisposeScope();
    }

    Tensor Apply(Tensor input, Tensor weight_OI, Tensor? bias_O) =>
        Update is { IsActive: true } update ? update.Apply(input, weight_OI, bias_O) : nn.functional.linear(input, weight_OI, bias_O);
}
