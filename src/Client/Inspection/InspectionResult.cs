using SpoActors.Client.Console;
using SpoActors.Specification;
using SpoActors.Specification.Texts;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Pipelines.Inspection;

namespace SpoActors.Client.Inspection;

/// <summary>What <c>spo inspect</c> says about a checkpoint.</summary>
sealed record InspectionResult
{
    public required string Path { get; init; }
    public required CheckpointKind Kind { get; init; }
    public required string? Family { get; init; }
    public required long Parameters { get; init; }

    /// <summary>Numbers by their type.</summary>
    public required IReadOnlyDictionary<string, long> Types { get; init; }
    public required IReadOnlyDictionary<string, string> Details { get; init; }
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>Components of a folder.</summary>
    public required IReadOnlyDictionary<string, ComponentResult> Components { get; init; }

    /// <summary>Tensors with NaN or infinite values; null if not looked for.</summary>
    public required IReadOnlyList<string>? NotFinite { get; init; }

    /// <summary>Null if not asked for.</summary>
    public required IReadOnlyDictionary<string, TensorResult>? Tensors { get; init; }

    public sealed record ComponentResult(CheckpointKind Kind, long Parameters, string Types);

    public sealed record TensorResult(string Type, IReadOnlyList<long> Shape);

    public static InspectionResult Of(CheckpointReport report, bool withTensors) => new()
    {
        Path = report.Path,
        Kind = report.Kind,
        Family = report.Family,
        Parameters = report.Parameters,
        Types = report.ParametersByType.ToDictionary(t => SpecificationKeys.ToKey(t.Key.ToString()), t => t.Value),
        Details = report.Details.ToDictionary(),
        Metadata = report.Metadata,
        Components = report.Components.ToDictionary(c => c.Key, c => new ComponentResult(c.Value.Kind, c.Value.Parameters, TypesOf(c.Value))),
        NotFinite = report.NotFinite,
        Tensors = withTensors ? Describe(report, "").ToDictionary() : null,
    };

    public static IEnumerable<OutputTable> Tables(InspectionResult result)
    {
        (string, object?)[] properties =
        [
            ("path", result.Path), ("kind", result.Kind), ("family", result.Family), ("parameters", result.Parameters),
            ("types", string.Join(", ", result.Types.Select(t => $"{t.Key} ({ResultOutput.Text(t.Value)})"))),
            .. result.Details.Select(d => (d.Key, (object?)d.Value)), .. result.Metadata.Select(m => ($"metadata: {PlainText.OneLine(m.Key)}", (object?)PlainText.OneLine(m.Value))),
            ("not finite", result.NotFinite is { } bad ? bad.Count == 0 ? "none" : string.Join(", ", bad) : null),
        ];
        yield return ResultOutput.Properties(null, properties);
        if (result.Components.Count > 0)
            yield return new OutputTable("Components", ["component", "kind", "parameters", "types"],
                [.. result.Components.Select(c => (IReadOnlyList<string>)[c.Key, ResultOutput.Text(c.Value.Kind), ResultOutput.Text(c.Value.Parameters), c.Value.Types])]);
        if (result.Tensors is { } tensors)
            yield return new OutputTable("Tensors", ["tensor", "type", "shape"],
                [.. tensors.Select(t => (IReadOnlyList<string>)[t.Key, t.Value.Type, $"[{string.Join(", ", t.Value.Shape)}]"])]);
    }

    static string TypesOf(CheckpointReport report) => string.Join(", ", report.ParametersByType.Select(t => SpecificationKeys.ToKey(t.Key.ToString())));

    static IEnumerable<KeyValuePair<string, TensorResult>> Describe(CheckpointReport report, string prefix) =>
        report.Tensors.OrderBy(t => t.Key, StringComparer.Ordinal)
            .Select(t => KeyValuePair.Create(prefix + t.Key, new TensorResult(SpecificationKeys.ToKey(t.Value.DType.ToString()), t.Value.Shape)))
            .Concat(report.Components.SelectMany(c => Describe(c.Value, $"{prefix}{c.Key}/")));
}
