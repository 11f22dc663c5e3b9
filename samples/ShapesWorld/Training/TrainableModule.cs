using SpoActors.Specification;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Training;

/// <summary>The project's models are frozen as they are built; these make them trainable.</summary>
static class TrainableModule
{
    public static IReadOnlyList<(string Name, Parameter Parameter)> Unfreeze(nn.Module module)
    {
        var all = module.named_parameters().ToList();
        foreach (var (_, parameter) in all) parameter.requires_grad_(true);
        module.train();
        return [.. all.Select(p => (p.name, p.parameter))];
    }

    public static SpoActors.Trainer.Optimization.AdamW Optimizer(nn.Module module, double weightDecay, double? maxGradNorm = 1.0) =>
        new(Unfreeze(module), new OptimizerSpecification { WeightDecay = weightDecay, MaxGradNorm = maxGradNorm });

    /// <summary>Parameters and buffers by their keys.</summary>
    public static Dictionary<string, Tensor> Tensors(nn.Module module) => new(module.state_dict(), StringComparer.Ordinal);

    /// <summary>A CPU generator for one step of one stage.</summary>
    public static Generator Noise(ulong seed, int step) => new(new World.SceneRandom(seed, World.WorldDraw.Noise, (uint)step).NextSeed());
}
