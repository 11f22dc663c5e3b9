using SpoActors.Trainer.Models.Layers;
using static TorchSharp.torch;

namespace SpoActors.Benchmarks.SpoRound;

/// <summary>Floating-point operations of a model's convolutions and linear layers, two for each weight at each place it is used.</summary>
static class OperationCount
{
    public static double Of(nn.Module model, Action pass)
    {
        double operations = 0;
        var hooks = model.modules().OfType<WeightedLayer>().Select(layer => layer.register_forward_hook((_, input, output) =>
        {
            // A linear layer is used at each token, a convolution at each pixel of its result.
            operations += 2.0 * layer.weight.numel() * (output.numel() / layer.weight.shape[0]);
            return output;
        })).ToList();
        pass();
        hooks.ForEach(hook => hook.remove());
        return operations;
    }
}
