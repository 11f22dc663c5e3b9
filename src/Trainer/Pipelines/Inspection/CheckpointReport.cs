using SpoActors.Trainer.Checkpoints;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Pipelines.Inspection;

/// <summary>What is known about a checkpoint without building its model.</summary>
public sealed record CheckpointReport
{
    /// <summary>The file or folder.</summary>
    public required string Path { get; init; }

    public required CheckpointKind Kind { get; init; }

    /// <summary>The family of models it belongs to, such as SD 1.x or SDXL; null where the tensors do not tell.</summary>
    public string? Family { get; init; }

    /// <summary>More about it, for people: of a LoRA its format, rank, alpha and number of layers; of a folder its pipeline.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Details { get; init; } = [];

    /// <summary>Every tensor by name; empty for a folder of components.</summary>
    public IReadOnlyDictionary<string, TensorDescription> Tensors { get; init; } = new Dictionary<string, TensorDescription>();

    /// <summary>Tensors that hold NaN or infinite values; null if that was not asked for.</summary>
    public IReadOnlyList<string>? NotFinite { get; init; }

    /// <summary>The free-form strings of a safetensors file.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>A folder's components by name.</summary>
    public IReadOnlyDictionary<string, CheckpointReport> Components { get; init; } = new Dictionary<string, CheckpointReport>();

    /// <summary>Numbers in all tensors, those of the components included.</summary>
    public long Parameters => Tensors.Values.Sum(Elements) + Components.Values.Sum(c => c.Parameters);

    /// <summary>Numbers by their type, the most frequent first.</summary>
    public IReadOnlyList<KeyValuePair<ScalarType, long>> ParametersByType =>
        [.. Tensors.Values.Select(t => KeyValuePair.Create(t.DType, Elements(t)))
            .Concat(Components.Values.SelectMany(c => c.ParametersByType))
            .GroupBy(t => t.Key, t => t.Value).Select(g => KeyValuePair.Create(g.Key, g.Sum())).OrderByDescending(t => t.Value)];

    static long Elements(TensorDescription tensor) => tensor.Shape.Aggregate(1L, (product, size) => product * size);
}
