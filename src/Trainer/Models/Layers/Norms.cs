using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

internal static class Norms
{
    /// <summary>A GroupNorm with weight 1 and bias 0 (TorchSharp leaves them uninitialised).</summary>
    public static GroupNorm Group(int groups, int channels, double eps, Device? device, ScalarType? dtype)
    {
        var norm = nn.GroupNorm(groups, channels, eps, device: device, dtype: dtype);
        nn.init.ones_(norm.weight);
        nn.init.zeros_(norm.bias!);
        return norm;
    }

    /// <summary>SiLU of a tensor that nobody else holds: in place where autograd does not need the input.</summary>
    public static Tensor SiluOwned(Tensor owned) => owned.requires_grad ? owned.silu() : owned.silu_();

    /// <summary>silu(norm(x)).</summary>
    public static Tensor NormSilu(GroupNorm norm, Tensor x)
    {
        var normed = norm.call(x);
        if (!normed.requires_grad) return normed.silu_();
        using (normed) return normed.silu();
    }
}
