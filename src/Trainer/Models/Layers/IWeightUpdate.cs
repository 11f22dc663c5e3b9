using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>What an adapter adds to an adaptable layer, without the layer knowing which kind of adapter it is.</summary>
public interface IWeightUpdate
{
    /// <summary>Whether the layer computes with it now.</summary>
    bool IsActive { get; }

    /// <summary>The adapted layer's result; all tensors are of the type that is computed in.</summary>
    /// <param name="input">[..., in] of a linear layer, [B, in, H, W] of a projection.</param>
    /// <param name="weight_OI">The layer's own weight, [out, in] or [out, in, 1, 1].</param>
    /// <param name="bias_O">Its bias, [out], or null.</param>
    /// <returns>The input's shape with out in place of in, a tensor of its own.</returns>
    Tensor Apply(Tensor input, Tensor weight_OI, Tensor? bias_O);
}
