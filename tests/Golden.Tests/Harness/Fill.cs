using SpoActors.Trainer.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Harness;

static class Fill
{
    /// <summary>Copies a safetensors file into a module; keys (after their prefix) and shapes must be exactly the module's.</summary>
    public static T From<T>(T module, string safetensors, string prefix = "") where T : nn.Module
    {
        using var source = SafetensorsFile.Open(safetensors);
        var state = module.state_dict();
        Assert.Equal(state.Keys.Select(k => prefix + k).Order(StringComparer.Ordinal), source.Tensors.Keys.Order(StringComparer.Ordinal));
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        foreach (var (key, target) in state)
        {
            Assert.Equal(target.shape, source.Tensors[prefix + key].Shape);
            target.copy_(source.Load(prefix + key));
        }
        return module;
    }
}
