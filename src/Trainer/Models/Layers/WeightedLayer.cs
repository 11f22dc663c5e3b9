using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>A layer with the keys <c>weight</c> and <c>bias</c>, like the library's own, which are sealed. Its weights are frozen.</summary>
public abstract class WeightedLayer : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    Parameter _weight = null!;

    [ComponentName(Name = "bias")]
    Parameter? _bias;

    /// <summary>Weights and bias as the library's own layers draw them.</summary>
    private protected WeightedLayer(string name, long[] shape, bool hasBias, Device? device, ScalarType? dtype) : base(name)
    {
        weight = new Parameter(empty(shape, dtype, device), false);
        nn.init.kaiming_uniform_(weight, Math.Sqrt(5));
        if (!hasBias) return;
        bias = new Parameter(empty(shape[0], dtype, device), false);
        var bound = 1 / Math.Sqrt(shape.Skip(1).Aggregate(1L, (product, size) => product * size));
        nn.init.uniform_(bias, -bound, bound);
    }

    /// <summary>[out, in, ...].</summary>
    public Parameter weight
    {
        get => _weight;
        set
        {
            if (_weight is not null && value.Handle == _weight.Handle) return;
            _weight?.Dispose();
            _weight = (Parameter)value.DetachFromDisposeScope();
            ConditionallyRegisterParameter("weight", _weight);
        }
    }

    /// <summary>[out], or null.</summary>
    public Parameter? bias
    {
        get => _bias;
        set
        {
            _bias?.Dispose();
            _bias = (Parameter?)value?.DetachFromDisposeScope();
            ConditionallyRegisterParameter("bias", _bias);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _weight?.Dispose();
            _bias?.Dispose();
        }
        base.Dispose(disposing);
    }
}
