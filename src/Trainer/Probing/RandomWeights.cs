using SpoActors.Trainer.Checkpoints;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Probing;

/// <summary>
/// Weights for a model that is only to be timed: cheap, in their final type, and such that activations neither vanish nor overflow.
/// </summary>
/// <param name="model">The model, on the META device.</param>
/// <param name="dtype">Type of the weights.</param>
sealed class RandomWeights(nn.Module model, ScalarType dtype) : ITensorSource
{
    readonly Generator generator = new(0);

    public string Origin => "random weights";

    public IReadOnlyDictionary<string, TensorDescription> Tensors { get; } =
        model.named_parameters().ToDictionary(p => p.name, p => new TensorDescription(dtype, p.parameter.shape));

    public Tensor Load(string key)
    {
        var shape = Tensors[key].Shape.ToArray();
        if (shape.Length == 1) return key.EndsWith("weight", StringComparison.Ordinal) ? ones(shape, dtype) : zeros(shape, dtype);
        var fanIn = shape[1..].Aggregate(1L, (product, side) => product * side);
        var bound = 1 / Math.Sqrt(fanIn);
        return empty(shape, dtype).uniform_(-bound, bound, generator);
    }

    public void Dispose() => generator.Dispose();
}
