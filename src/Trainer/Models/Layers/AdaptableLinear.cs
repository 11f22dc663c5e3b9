using SpoActors.Trainer.Lora;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>
/// y = x W^T + b, with keys <c>weight</c> and <c>bias</c> like a plain linear layer, at which a LoRA branch can be attached.
/// The branch is no part of the state dict: the base model's keys stay what they were.
/// </summary>
public sealed class AdaptableLinear : nn.Module<Tensor, Tensor>
{
    [ComponentName(Name = "weight")]
    Parameter _weight = null!;

    [ComponentName(Name = "bias")]
    Parameter? _bias;

    public AdaptableLinear(int inFeatures, int outFeatures, bool hasBias = true, Device? device = null, ScalarType? dtype = null)
        : base(nameof(AdaptableLinear))
    {
        (InFeatures, OutFeatures) = (inFeatures, outFeatures);
        weight = new Parameter(empty(outFeatures, inFeatures, dtype, device), false);
        nn.init.kaiming_uniform_(weight, Math.Sqrt(5));
        if (!hasBias) return;
        bias = new Parameter(empty(outFeatures, dtype, device), false);
        nn.init.uniform_(bias, -1 / Math.Sqrt(inFeatures), 1 / Math.Sqrt(inFeatures));
    }

    public int InFeatures { get; }

    public int OutFeatures { get; }

    /// <summary>The LoRA branch, or null.</summary>
    internal LoraBranch? Lora { get; set; }

    /// <summary>W, [out, in].</summary>
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

    /// <summary>b, [out], or null.</summary>
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

    /// <param name="input">[..., in].</param>
    /// <returns>[..., out], a tensor of its own that the caller may change in place.</returns>
    public override Tensor forward(Tensor input) => Lora is { IsActive: true } lora
        ? lora.Apply(input, _weight, _bias)
        : nn.functional.linear(input, _weight, _bias);

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
