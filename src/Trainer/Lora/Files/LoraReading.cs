using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Lora.Files;

/// <summary>Gathers the tensors of one LoRA file by layer, with everything that is wrong with them.</summary>
sealed class LoraReading(ITensorSource source, Func<string, string?> pathOfFlatName, IReadOnlyCollection<LoraFilePart> ignored)
{
    /// <summary>Last names of the layers that are convolutions and cannot be adapted.</summary>
    static readonly string[] Convolutions = ["conv", "conv1", "conv2", "conv_in", "conv_out", "conv_shortcut"];

    readonly SortedDictionary<string, Dictionary<LoraPart, string>> layers = new(StringComparer.Ordinal);
    readonly CheckpointProblems problems = new();

    /// <returns>Factors by path, float32, owned by the caller's dispose scope.</returns>
    /// <exception cref="CheckpointException">Something is wrong; all is listed.</exception>
    public IReadOnlyDictionary<string, LoraFactors> Read()
    {
        RefuseOtherAdapters();
        Sort();
        LeaveOut(LoraFilePart.Convolution, [.. layers.Where(l => IsConvolution(l.Key, l.Value)).SelectMany(l => l.Value.Values)], "of convolutions");
        foreach (var path in layers.Keys.Where(p => IsConvolution(p, layers[p])).ToList()) layers.Remove(path);
        foreach (var (path, parts) in layers) CheckParts(path, parts);
        if (layers.Count == 0 && problems.Count == 0) problems.Add("it holds no LoRA of a UNet");
        problems.ThrowIfAny(Unusable);
        using var noGradient = no_grad();
        var alphas = LoraAlphas.Of(source);
        var factors = layers.ToDictionary(l => l.Key, l => Factors(l.Key, l.Value, alphas));
        problems.ThrowIfAny(Unusable);
        return new SortedDictionary<string, LoraFactors>(factors, StringComparer.Ordinal);
    }

    string Unusable => $"'{source.Origin}' cannot be used as a LoRA";

    void RefuseOtherAdapters()
    {
        var keys = source.Tensors.Keys.Where(k => OtherAdapters.NameOf(k) is not null && !(ignored.Contains(LoraFilePart.TextEncoder) && LoraKey.IsOfTextEncoder(k)))
            .Order(StringComparer.Ordinal).ToList();
        if (keys.Count == 0) return;
        throw new CheckpointException($"{Unusable}: it is a {OtherAdapters.NameOf(keys[0])} ({keys.Count} tensors such as '{keys[0]}'), which is not supported; "
            + "expected a plain LoRA, with down and up factors only.");
    }

    void Sort()
    {
        var ofTextEncoders = new List<string>();
        foreach (var key in source.Tensors.Keys.Order(StringComparer.Ordinal))
        {
            if (LoraKey.IsOfTextEncoder(key))
            {
                ofTextEncoders.Add(key);
                continue;
            }
            if (LoraKey.Parse(key) is not { } parsed)
            {
                problems.Add($"'{key}': not a tensor of a linear LoRA on a UNet");
                continue;
            }
            var path = parsed.IsFlat ? pathOfFlatName(parsed.Layer) : parsed.Layer;
            if (path is null) problems.Add($"'{key}': '{parsed.Layer}' is no layer of a UNet");
            else if (!Layer(path).TryAdd(parsed.Part, key)) problems.Add($"'{key}' and '{Layer(path)[parsed.Part]}' are the same tensor of '{path}'");
        }
        LeaveOut(LoraFilePart.TextEncoder, ofTextEncoders, "of text encoders");
    }

    void LeaveOut(LoraFilePart part, List<string> keys, string ofWhat)
    {
        if (keys.Count == 0 || ignored.Contains(part)) return;
        var name = part == LoraFilePart.TextEncoder ? "text_encoder" : "convolution";
        problems.Add($"it holds {keys.Count} tensors {ofWhat} (such as '{keys[0]}'), which cannot be applied; --ignore {name} (lora.ignore: [{name}] in a configuration) uses the rest");
    }

    Dictionary<LoraPart, string> Layer(string path) => layers.TryGetValue(path, out var parts) ? parts : layers[path] = [];

    bool IsConvolution(string path, Dictionary<LoraPart, string> parts) => Convolutions.Contains(path[(path.LastIndexOf('.') + 1)..])
        || (parts.TryGetValue(LoraPart.Down, out var down) && source.Tensors[down].Shape is [_, _, var height, var width] && (height > 1 || width > 1));

    void CheckParts(string path, Dictionary<LoraPart, string> parts)
    {
        if (!parts.TryGetValue(LoraPart.Down, out var down) || !parts.TryGetValue(LoraPart.Up, out var up))
        {
            problems.Add($"'{path}' has only {string.Join(" and ", parts.Values)}; expected down and up");
            return;
        }
        foreach (var key in (string[])[down, up])
            if (!SafetensorsTypes.IsFloatingPoint(source.Tensors[key].DType))
                problems.Add($"'{key}' holds whole numbers ({source.Tensors[key].DType.ToString().ToLowerInvariant()}); expected floating-point factors: a quantised file has to be converted back first");
        var (a, b) = (Matrix(down), Matrix(up));
        if (a is not [> 0, _] || b is not [_, > 0] || a[0] != b[1])
            problems.Add($"'{path}': down is [{string.Join(", ", source.Tensors[down].Shape)}], up [{string.Join(", ", source.Tensors[up].Shape)}]; expected [rank, in] and [out, rank]");
        if (parts.TryGetValue(LoraPart.Alpha, out var alpha) && source.Tensors[alpha].Shape.Aggregate(1L, (x, y) => x * y) != 1)
            problems.Add($"'{alpha}' is [{string.Join(", ", source.Tensors[alpha].Shape)}]; expected one number");
    }

    // The factors of 1x1 convolutions, which the projections of SD 1.x are, have four dimensions.
    IReadOnlyList<long> Matrix(string key) => source.Tensors[key].Shape is [var rows, var columns, 1, 1] ? [rows, columns] : source.Tensors[key].Shape;

    LoraFactors Factors(string path, Dictionary<LoraPart, string> parts, LoraAlphas alphas)
    {
        var (a_RI, b_OR) = (Load(parts[LoraPart.Down]), Load(parts[LoraPart.Up]));
        var rank = a_RI.shape[0];
        return new LoraFactors(a_RI, b_OR, parts.TryGetValue(LoraPart.Alpha, out var key) ? Alpha(key, rank) : alphas.Of(path, rank))
        {
            IsConvolution = source.Tensors[parts[LoraPart.Down]].Shape.Count == 4,
        };
    }

    Tensor Load(string key)
    {
        using var scope = NewDisposeScope();
        var stored = source.Load(key);
        if (!stored.IsFinite()) problems.Add($"'{key}' holds NaN or infinite weights");
        return stored.to_type(ScalarType.Float32).reshape([.. Matrix(key)]).clone().MoveToOuterDisposeScope();
    }

    double Alpha(string key, long rank)
    {
        using var scope = NewDisposeScope();
        var alpha = source.Load(key).to_type(ScalarType.Float64).item<double>();
        if (!double.IsFinite(alpha)) problems.Add($"'{key}' is {(double.IsNaN(alpha) ? "NaN" : "infinite")}; expected a finite alpha");
        // kohya's trainer takes 0 for the rank.
        return alpha == 0 ? rank : alpha;
    }
}
