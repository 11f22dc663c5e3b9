using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>The transformer's feed-forward: GEGLU to four times the width and back. Keys <c>net.0.proj</c> and <c>net.2</c>.</summary>
public sealed class FeedForward : nn.Module<Tensor, Tensor>
{
    const int Widening = 4;

    readonly ModuleList<nn.Module<Tensor, Tensor>> net;

    public FeedForward(int channels, Device? device, ScalarType? dtype) : base(nameof(FeedForward))
    {
        var inner = Widening * channels;
        // Index 1 is the original's dropout: it has no keys, but gives the output projection its number.
        net = new(new GeGlu(channels, inner, device, dtype), nn.Identity(), new AdaptableLinear(inner, channels, device: device, dtype: dtype));
        RegisterComponents();
    }

    public override Tensor forward(Tensor input_BLC)
    {
        using var gated = net[0].call(input_BLC);
        return net[2].call(gated);
    }
}

/// <summary>h * gelu(g) with [h, g] = proj(x) (arXiv 2002.05202, section 2), exact GELU.</summary>
public sealed class GeGlu : nn.Module<Tensor, Tensor>
{
    readonly AdaptableLinear proj;

    public GeGlu(int inFeatures, int outFeatures, Device? device, ScalarType? dtype) : base(nameof(GeGlu))
    {
        proj = new AdaptableLinear(inFeatures, 2 * outFeatures, device: device, dtype: dtype);
        RegisterComponents();
    }

    public override Tensor forward(Tensor input_BLC)
    {
        using var scope = NewDisposeScope();
        var halves = proj.call(input_BLC).chunk(2, -1);
        var gate = halves[1].gelu();
        return (gate.requires_grad ? halves[0] * gate : gate.mul_(halves[0])).MoveToOuterDisposeScope();
    }
}
