using TorchSharp.Utils;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>Shift, scale and (in the layers) gate vectors from the time embedding: Linear(SiLU(t)), key <c>adaLN_modulation.1</c>.</summary>
sealed class AdaptiveModulation : Module
{
    [ComponentName(Name = "1")]
    readonly TorchSharp.Modules.Linear linear;

    readonly int hiddenSize, parts;

    public AdaptiveModulation(int hiddenSize, int parts, Device? device, ScalarType dtype) : base(nameof(AdaptiveModulation))
    {
        (this.hiddenSize, this.parts) = (hiddenSize, parts);
        linear = Linear(hiddenSize, parts * hiddenSize, device: device, dtype: dtype);
        RegisterComponents();
    }

    /// <returns>[B, parts * hidden].</returns>
    public Tensor forward(Tensor timeEmbedding_BD)
    {
        using var activated = functional.silu(timeEmbedding_BD);
        return linear.forward(activated);
    }

    /// <summary>Makes the modulation constant: 1 in the given parts, 0 in the others.</summary>
    public void Reset(params ReadOnlySpan<int> partsOfOnes)
    {
        using var scope = NewDisposeScope();
        init.zeros_(linear.weight!);
        init.zeros_(linear.bias!);
        foreach (var part in partsOfOnes)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(part, parts);
            init.ones_(linear.bias!.narrow(0, part * hiddenSize, hiddenSize));
        }
    }
}
