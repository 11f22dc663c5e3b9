using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>Multi-head attention of a transformer block, to itself or to a context. Keys <c>to_q</c>, <c>to_k</c>, <c>to_v</c> (no bias), <c>to_out.0</c>.</summary>
public sealed class Attention : nn.Module<Tensor, Tensor?, Tensor>
{
    readonly AdaptableLinear to_q;
    readonly AdaptableLinear to_k;
    readonly AdaptableLinear to_v;
    readonly ModuleList<AdaptableLinear> to_out;
    readonly int heads;
    readonly bool upcast;
    readonly ComputeOptions options;

    /// <summary>
    /// Queries and result are <paramref name="channels"/> wide, what is attended to <paramref name="contextChannels"/>;
    /// <paramref name="upcast"/> computes the softmax in float32.
    /// </summary>
    public Attention(int channels, int contextChannels, int heads, bool upcast, ComputeOptions options, Device? device, ScalarType? dtype)
        : base(nameof(Attention))
    {
        to_q = new AdaptableLinear(channels, channels, hasBias: false, device, dtype);
        to_k = new AdaptableLinear(contextChannels, channels, hasBias: false, device, dtype);
        to_v = new AdaptableLinear(contextChannels, channels, hasBias: false, device, dtype);
        to_out = new(new AdaptableLinear(channels, channels, device: device, dtype: dtype));
        (this.heads, this.upcast, this.options) = (heads, upcast, options);
        RegisterComponents();
    }

    /// <param name="input_BLC">[B, L, C].</param>
    /// <param name="context_BSD">[B, S, D]; null attends to the input itself.</param>
    /// <returns>[B, L, C], a tensor of its own.</returns>
    public override Tensor forward(Tensor input_BLC, Tensor? context_BSD)
    {
        using var scope = NewDisposeScope();
        var context = context_BSD ?? input_BLC;
        var attended = AttentionKernel.Attend(
            to_q.call(input_BLC), to_k.call(context), to_v.call(context), heads, options.Attention, upcast);
        return to_out[0].call(attended).MoveToOuterDisposeScope();
    }
}
