using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges.Training;

/// <summary>
/// The float32 weights that the optimizer changes. Where the network computes in float32 they are its own parameters; where it computes
/// in bfloat16, whose 8 bits of mantissa swallow small updates, they are copies, and the network follows them after every step.
/// </summary>
sealed class MasterWeights : IDisposable
{
    readonly (string Name, Parameter Network, Parameter Master)[] weights;

    /// <param name="network">Float32; converted to <paramref name="precision"/> here.</param>
    /// <param name="precision">Type in which the network computes.</param>
    public MasterWeights(nn.Module network, ScalarType precision)
    {
        var isCopied = precision != ScalarType.Float32;
        var masters = network.named_parameters().Select(p => (p.name, Master: isCopied ? Copy(p.parameter) : p.parameter)).ToArray();
        if (isCopied) network.to(precision);
        var own = network.named_parameters().ToDictionary(p => p.name, p => p.parameter, StringComparer.Ordinal);
        weights = [.. masters.Select(m => (m.name, own[m.name], m.Master))];
        foreach (var (_, parameter, _) in weights) parameter.requires_grad_();
    }

    public IEnumerable<(string Name, Parameter Parameter)> Named => weights.Select(w => (w.Name, w.Master));

    /// <summary>Adds the network's gradients to the master weights', in float32, and frees them.</summary>
    public void TakeGradients()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        foreach (var (_, network, master) in weights)
        {
            if (ReferenceEquals(network, master) || network.grad is not { } gradient) continue;
            if (master.grad is { } sum) sum.add_(gradient);
            else master.grad = gradient.to_type(ScalarType.Float32).DetachFromDisposeScope();
            network.grad = null;
        }
    }

    /// <summary>Rounds the master weights into the network.</summary>
    public void Publish()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        foreach (var (_, network, master) in weights)
            if (!ReferenceEquals(network, master)) network.copy_(master);
    }

    public void Dispose()
    {
        foreach (var (_, network, master) in weights)
            if (!ReferenceEquals(network, master)) master.Dispose();
    }

    static Parameter Copy(Parameter parameter)
    {
        using var noGradient = no_grad();
        var copy = new Parameter(parameter.detach().clone(), requires_grad: false);
        copy.DetachFromDisposeScope();
        return copy;
    }
}
