using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>linear_2(silu(linear_1(x))): from a sinusoid to the embedding that conditions the resnets.</summary>
public sealed class TimestepEmbedding : nn.Module<Tensor, Tensor>
{
    readonly AdaptableLinear linear_1;
    readonly AdaptableLinear linear_2;

    public TimestepEmbedding(int inFeatures, int features, Device? device, ScalarType? dtype) : base(nameof(TimestepEmbedding))
    {
        linear_1 = new AdaptableLinear(inFeatures, features, device: device, dtype: dtype);
        linear_2 = new AdaptableLinear(features, features, device: device, dtype: dtype);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return linear_2.call(Norms.SiluOwned(linear_1.call(input))).MoveToOuterDisposeScope();
    }
}
