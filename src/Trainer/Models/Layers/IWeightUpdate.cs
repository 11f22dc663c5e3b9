using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>What an adapter adds to a linear layer, without the layer knowing which kind of adapter it is.</summary>
public interface IWeightUpdate
{
    /// <summary>Whether the layer computes with it now.</summary>
    bool IsActive { get; }

    /// <summary>The adapted layer's result; all tensors are of the type that is computed in.</summary>
    /// <param name="input">[..., in].</param>
    /// <param name="weight_OI">The layer's own weight, [out, in].</param>
    /// <param name="bias_O">Its bias, [out], or null.</param>
    /// <returns>[..., out], a tensor of its own.</returns>
    Tensor Apply(Tensor input, Tensor weight_OI, Tensor? bias_O);
}
