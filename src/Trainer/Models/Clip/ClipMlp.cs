using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace SpoActors.Trainer.Models.Clip;

/// <summary>fc2(act(fc1(x))).</summary>
sealed class ClipMlp : Module
{
    readonly TorchSharp.Modules.Linear fc1, fc2;
    readonly HiddenActivation activation;

    public ClipMlp(int hiddenSize, int intermediateSize, HiddenActivation activation, Device? device, ScalarType dtype) : base(nameof(ClipMlp))
    {
        this.activation = activation;
        fc1 = Linear(hiddenSize, intermediateSize, device: device, dtype: dtype);
        fc2 = Linear(intermediateSize, hiddenSize, device: device, dtype: dtype);
        RegisterComponents();
    }

    public Tensor forward(Tensor x_BLD)
    {
        using var scope = NewDisposeScope();
        return fc2.forward(activation.Apply(fc1.forward(x_BLD))).MoveToOuterDisposeScope();
    }
}
