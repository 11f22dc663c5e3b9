using SpoActors.Trainer.Checkpoints;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Lora.Files;

/// <summary>Gathers the tensors of one LoRA file by layer, with everything that is wrong with them.</summary>
sealed class LoraReading(ITensorSource source, Func<string, string?> pathOfKohyaName)
{
    readonly SortedDictionary<string, Dictionary<LoraPart, string>> layers = new(StringComparer.Ordinal);
    readonly CheckpointProblems problems = new();

    /// <returns>Factors by path, float32, owned by the caller's dispose scope.</returns>
    /// <exception cref="CheckpointException">Something is wrong; all is listed.</exception>
    public IReadOnlyDictionary<string, LoraFactors> Read()
    {
        Sort();
        foreach (var (path, parts) in layers) CheckShapes(path, parts);
        if (layers.Count == 0) problems.Add("it holds no LoRA of a UNet");
        problems.ThrowIfAny($"'{source.Origin}' cannot be used as a LoRA");
        using var noGradient = no_grad();
        var alphas = LoraAlphas.Of(source);
        var factors = layers.ToDictionary(l => l.Key, l => Factors(l.Value, alphas));
        problems.ThrowIfAny($"'{source.Origin}' cannot be used as a LoRA");
        return new SortedDictionary<string, LoraFactors>(factors, StringComparer.Ordinal);
    }

    void Sort()
    {
        foreach (var key in source.Tensors.Keys.Order(StringComparer.Ordinal))
        {
            if (LoraKey.Parse(key) is not { } parsed)
            {
                problems.Add(LoraKey.IsOfTextEncoder(key)
                    ? $"'{key}': adapters of text encoders are not supported"
                    : $"'{key}': not a tensor of a linear LoRA on a UNet");
                continue;
            }
            var path = parsed.Format == LoraFormat.Kohya ? pathOfKohyaName(parsed.Layer) : parsed.Layer;
            if (path is null) problems.Add($"'{key}': '{parsed.Layer}' is no layer of a UNet");
            else if (!Layer(path).TryAdd(parsed.Part, key)) problems.Add($"'{key}' and '{Layer(path)[parsed.Part]}' are the same tensor of '{path}'");
        }
    }

    Dictionary<LoraPart, string> Layer(string path) => layers.TryGetValue(path, out var parts) ? parts : layers[path] = [];

    void CheckShapes(string path, Dictionary<LoraPart, string> parts)
    {
        if (!parts.TryGetValue(LoraPart.Down, out var down) || !parts.TryGetValue(LoraPart.Up, out var up))
        {
            problems.Add($"'{path}' has only {string.Join(" and ", parts.Values)}; expected down and up");
            return;
        }
        var (a, b) = (Matrix(down), Matrix(up));
        if (a is not [> 0, _] || b is not [_, > 0] || a[0] != b[1])
            problems.Add($"'{path}': down is [{string.Join(", ", source.Tensors[down].Shape)}], up [{string.Join(", ", source.Tensors[up].Shape)}]; expected [rank, in] and [out, rank]");
        if (parts.TryGetValue(LoraPart.Alpha, out var alpha) && source.Tensors[alpha].Shape.Aggregate(1L, (x, y) => x * y) != 1)
            problems.Add($"'{alpha}' is [{string.Join(", ", source.Tensors[alpha].Shape)}]; expected one number");
    }

    // kohya writes the factors of 1x1 convolutions, which the projections of SD 1.x are, with four dimensions.
    IReadOnlyList<long> Matrix(string key) => source.Tensors[key].Shape is [var rows, var columns, 1, 1] ? [rows, columns] : source.Tensors[key].Shape;

    LoraFactors Factors(Dictionary<LoraPart, string> parts, LoraAlphas alphas)
    {
        var (a_RI, b_OR) = (Load(parts[LoraPart.Down]), Load(parts[LoraPart.Up]));
        return new LoraFactors(a_RI, b_OR, parts.TryGetValue(LoraPart.Alpha, out var key) ? Number(key) : alphas.Default ?? a_RI.shape[0]);
    }

    Tensor Load(string key)
    {
        using var scope = NewDisposeScope();
        var stored = source.Load(key);
        if (!stored.IsFinite()) problems.Add($"'{key}' holds NaN or infinite weights");
        return stored.to_type(ScalarType.Float32).reshape([.. Matrix(key)]).clone().MoveToOuterDisposeScope();
    }

    double Number(string key)
    {
        using var scope = NewDisposeScope();
        return source.Load(key).to_type(ScalarType.Float64).item<double>();
    }
}
