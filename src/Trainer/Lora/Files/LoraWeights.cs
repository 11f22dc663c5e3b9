using SpoActors.Specification;
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
    /// <param name="ignore">Parts that cannot be applied and are left out without a word; else they are refused.</param>
    /// <returns>Factors by the layer's path in the UNet, float32; alpha as the file says, else the rank. Owned by the caller's dispose scope.</returns>
    /// <exception cref="CheckpointException">The file is malformed or holds other things than a linear LoRA on a UNet; all is listed.</exception>
    public static IReadOnlyDictionary<string, LoraFactors> Read(string path, nn.Module? model = null, IReadOnlyCollection<LoraFilePart>? ignore = null)
    {
        using var source = CheckpointFile.Open(path);
        return Read(source, model, ignore);
    }

    /// <summary>Reads an open file; see <see cref="Read(string, nn.Module?, IReadOnlyCollection{LoraFilePart}?)"/>.</summary>
    public static IReadOnlyDictionary<string, LoraFactors> Read(ITensorSource source, nn.Module? model = null, IReadOnlyCollection<LoraFilePart>? ignore = null)
    {
        var known = KohyaNames.Index(model?.named_modules().Select(m => m.name) ?? []);
        return new LoraReading(source, flat => known.TryGetValue(flat, out var path) ? path : KohyaNames.Unflatten(flat), ignore ?? []).Read();
    }

    /// <summary>
    /// Writes diffusers' format, <c>unet.PATH.lora.down.weight</c> and <c>up</c>. It has no alpha: diffusers takes alpha = rank, so
    /// another alpha is folded into the up weights.
    /// </summary>
    /// <param name="target">Receives the file.</param>
    /// <param name="factors">Factors by path in the UNet.</param>
    /// <param name="dtype">Type of the weights; null keeps theirs.</param>
    /// <exception cref="CheckpointException">A weight is too large for the type.</exception>
    public static void WriteDiffusers(Stream target, IReadOnlyDictionary<string, LoraFactors> factors, ScalarType? dtype = null)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var tensors = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (path, layer) in factors)
        {
            var (a_RI, b_OR, alpha) = layer;
            var rank = a_RI.shape[0];
            tensors.Add($"{LoraKey.DiffusersPrefix}{path}.lora.down.weight", Stored(a_RI, layer, path, dtype));
            tensors.Add($"{LoraKey.DiffusersPrefix}{path}.lora.up.weight", Stored(alpha == rank ? b_OR : b_OR * (alpha / rank), layer, path, dtype));
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
        foreach (var (path, layer) in factors)
        {
            var (a_RI, b_OR, alpha) = layer;
            var name = LoraKey.KohyaPrefix + KohyaNames.Flatten(path);
            tensors.Add($"{name}.lora_down.weight", Stored(a_RI, layer, path, dtype));
            tensors.Add($"{name}.lora_up.weight", Stored(b_OR, layer, path, dtype));
            tensors.Add($"{name}.alpha", tensor((float)alpha));
        }
        SafetensorsWriter.Write(target, tensors, Metadata);
    }

    static Tensor Stored(Tensor factor, LoraFactors layer, string path, ScalarType? dtype)
    {
        var stored = factor.to_type(dtype ?? factor.dtype);
        if (!stored.IsFinite())
            throw new CheckpointException($"'{path}' has weights of up to {factor.abs().max().to_type(ScalarType.Float64).item<double>():g3}, which {stored.dtype.ToString().ToLowerInvariant()} cannot hold; write bfloat16 or float32.");
        return layer.IsConvolution ? stored.reshape(stored.shape[0], stored.shape[1], 1, 1) : stored;
    }

    /// <summary>Whether a file is an adapter of some kind, of a UNet or of text encoders; reading it says whether it can be used.</summary>
    public static bool IsAdapter(ITensorSource source) =>
        source.Tensors.Keys.Any(k => LoraKey.Parse(k) is { Part: not LoraPart.Alpha } || OtherAdapters.NameOf(k) is not null || (LoraKey.IsOfTextEncoder(k) && k.Contains("lora", StringComparison.Ordinal)));

    /// <summary>Which format a file is in; null if it is no LoRA of a UNet.</summary>
    public static LoraFormat? FormatOf(ITensorSource source) =>
        source.Tensors.Keys.Select(LoraKey.Parse).FirstOrDefault(k => k is { Part: not LoraPart.Alpha })?.Format;
}
