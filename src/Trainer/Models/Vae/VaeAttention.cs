using SpoActors.Trainer.Models.Layers;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Vae;

/// <summary>Self-attention over all pixels with a single head, added to its input. Keys <c>group_norm</c>, <c>to_q</c>, <c>to_k</c>, <c>to_v</c>, <c>to_out.0</c>.</summary>
public sealed class VaeAttention : nn.Module<Tensor, Tensor>
{
    const int Heads = 1;

    readonly GroupNorm group_norm;
    readonly AdaptableLinear to_q;
    readonly AdaptableLinear to_k;
    readonly AdaptableLinear to_v;
    readonly ModuleList<AdaptableLinear> to_out;
    readonly ComputeOptions options;

    public VaeAttention(int channels, int groups, double eps, ComputeOptions options, Device? device, ScalarType? dtype) : base(nameof(VaeAttention))
    {
        this.options = options;
        group_norm = Norms.Group(groups, channels, eps, device, dtype);
        (to_q, to_k, to_v) = (Linear(), Linear(), Linear());
        to_out = new(Linear());
        RegisterComponents();

        AdaptableLinear Linear() => new(channels, channels, device: device, dtype: dtype);
    }

    public override Tensor forward(Tensor input_BCHW)
    {
        using var scope = NewDisposeScope();
        var shape = input_BCHW.shape;
        var tokens_BLC = group_norm.call(input_BCHW).flatten(2).transpose(1, 2);
        var attended_BLC = AttentionKernel.Attend(to_q.call(tokens_BLC), to_k.call(tokens_BLC), to_v.call(tokens_BLC), Heads, options.Attention);
        return (to_out[0].call(attended_BLC).transpose(1, 2).reshape(shape) + input_BCHW).MoveToOuterDisposeScope();
    }
}
