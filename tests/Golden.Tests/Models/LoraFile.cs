using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Lora;
using TorchSharp;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Models;

/// <summary>Reads a UNet's LoRA in diffusers' or kohya's format.</summary>
static class LoraFile
{
    public static IReadOnlyDictionary<string, LoraFactors> Read(string path, nn.Module model)
    {
        using var file = SafetensorsFile.Open(path);
        var factors = new Dictionary<string, LoraFactors>(StringComparer.Ordinal);
        foreach (var (name, _) in model.named_modules())
        {
            var kohya = $"lora_unet_{name.Replace('.', '_')}";
            if (file.Tensors.ContainsKey($"unet.{name}.lora.down.weight"))
            {
                var (a, b) = (file.Load($"unet.{name}.lora.down.weight"), file.Load($"unet.{name}.lora.up.weight"));
                factors[name] = new(a, b, a.shape[0]);
            }
            else if (file.Tensors.ContainsKey($"{kohya}.lora_down.weight"))
            {
                factors[name] = new(file.Load($"{kohya}.lora_down.weight"), file.Load($"{kohya}.lora_up.weight"),
                    file.Load($"{kohya}.alpha").to_type(ScalarType.Float64).item<double>());
            }
        }
        return factors;
    }
}
