using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Lora.Files;

/// <summary>Reads and writes LoRA files of UNets. The same factors give the same bytes.</summary>
public static class LoraWeights
{
    static readonly Dictionary<string, string> Metadata = new(StringComparer.Ordinal) { ["format"] = "pt" };

    /// <summary>Reads a file of any <see cref="LoraFormat"/>.</summary>
    /// <param name="path">A safetensors or PyTorch file.</param>
    /// <param name="model">The UNet, whose paths resolve kohya's names; null resolves them by what UNets' layers are called.</param>
    /// <returns>Factors by the layer's path in the UNet, float32; alpha as the file says, else the rank. Owned by the caller's dispose scope.</returns>
    /// <exception cref="CheckpointException">The file is malformed or holds other things than a linear LoRA on a UNet; all is listed.</exception>
    public static IReadOnlyDictionary<string, LoraFactors> Read(string path, nn.Module? model = null)
    {
        using var source = CheckpointFile.Open(path);
        return Read(source, model);
    }

    /// <summary>Reads an open file; see <see cref="Read(string, nn.Module?)"/>.</summary>
    public static IReadOnlyDictionary<string, LoraFactors> Read(ITensorSource source, nn.Module? model = null)
    {
        var known = KohyaNames.Index(model?.named_modules().Select(m => m.name) ?? []);
        return new LoraReading(source, flat => known.TryGetValue(flat, out var path) ? path : KohyaNames.Unflatten(flat)).Read();
    }

    /// <summary>
    /// Writes diffusers' format, <c>unet.PATH.lora.down.weight</c> and <c>up</c>. It has no alpha: diffusers takes alpha = rank, so
    /// another alpha is folded into the up weights.
    /// </summary>
    /// <param name="target">Receives the file.</param>
    /// <param name="factors">Factors by path in the UNet.</param>
    /// <param name="dtype">Type of the weights; null keeps theirs.</param>
    public static void WriteDiffusers(Stream target, IReadOnlyDictionary<string, LoraFactors> factors, ScalarType? dtype = null)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (path, (a_RI, b_OR, alpha)) in factors)
        {
            var rank = a_RI.shape[0];
            tensors.Add($"{LoraKey.DiffusersPrefix}{path}.lora.down.weight", a_RI.to_type(dtype ?? a_RI.dtype));
            tensors.Add($"{LoraKey.DiffusersPrefix}{path}.lora.up.weight", (alpha == rank ? b_OR : b_OR * (alpha / rank)).to_type(dtype ?? b_OR.dtype));
        }
        SafetensorsWriter.Write(target, tensors, Metadata);
    }

    /// <summary>Writes kohya's format, <c>lora_unet_PATH.lora_down.weight</c>, <c>lora_up</c> and <c>alpha</c>, which web interfaces read.</summary>
    /// <inheritdoc cref="WriteDiffusers"/>
    public static void WriteKohya(Stream target, IReadOnlyDictionary<string, LoraFactors> factors, ScalarType? dtype = null)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (path, (a_RI, b_OR, alpha)) in factors)
        {
            var name = LoraKey.KohyaPrefix + KohyaNames.Flatten(path);
            tensors.Add($"{name}.lora_down.weight", a_RI.to_type(dtype ?? a_RI.dtype));
            tensors.Add($"{name}.lora_up.weight", b_OR.to_type(dtype ?? b_OR.dtype));
            tensors.Add($"{name}.alpha", tensor((float)alpha));
        }
        SafetensorsWriter.Write(target, tensors, Metadata);
    }

    /// <summary>Which format a file is in; null if it is no LoRA of a UNet.</summary>
    public static LoraFormat? FormatOf(ITensorSource source) =>
        source.Tensors.Keys.Select(LoraKey.Parse).FirstOrDefault(k => k is { Part: not LoraPart.Alpha })?.Format;
}
