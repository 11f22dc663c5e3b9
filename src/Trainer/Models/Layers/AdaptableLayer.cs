using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>
/// A linear map of channels to which an adapter can be attached. The adapter is no part of the state dict: the base model's keys stay what
/// they were.
/// </summary>
public abstract class AdaptableLayer : WeightedLayer
{
    private protected AdaptableLayer(string name, long[] shape, bool hasBias, Device? device, ScalarType? dtype)
        : base(name, shape, hasBias, device, dtype) => (OutFeatures, InFeatures) = ((int)shape[0], (int)shape[1]);

    public int InFeatures { get; }

    public int OutFeatures { get; }

    /// <summary>The adapter's part at this layer, or null.</summary>
    internal IWeightUpdate? Update { get; set; }

    /// <param name="input">[..., in] of a linear layer, [B, in, H, W] of a projection.</param>
    /// <returns>The same with out in place of in, a tensor of its own that the caller may change in place.</returns>
    public sealed override Tensor forward(Tensor input)
    {
        var type = ComputeType.Of(weight);
        if (type == weight.dtype) return Adapted(input, weight, bias);
        using var scope = NewDisposeScope();
        return Adapted(input.to_type(type), weight.to_type(type), bias?.to_type(type)).to_type(input.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>The layer's own result; all tensors are of the type that is computed in.</summary>
    private protected abstract Tensor Apply(Tensor input, Tensor weight, Tensor? bias_O);

    Tensor Adapted(Tensor input, Tensor weight, Tensor? bias_O) =>
        Update is { IsActive: true } update ? update.Apply(input, weight, bias_O) : Apply(input, weight, bias_O);
}
