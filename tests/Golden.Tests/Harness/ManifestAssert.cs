using System.Text.Json;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Harness;

/// <summary>Comparisons of keys and shapes; collects every difference.</summary>
public sealed class ManifestAssert(GoldenManifest manifest)
{
    readonly List<string> differences = [];
    int compared;

    /// <summary>A model's parameters against the manifest's, and against its parameter count.</summary>
    /// <param name="model">The model.</param>
    /// <param name="prefix">What the checkpoint's keys begin with.</param>
    public void Parameters(nn.Module model, string prefix = "")
    {
        var actual = model.named_parameters().ToDictionary(p => prefix + p.name, p => (IReadOnlyList<long>)p.parameter.shape, StringComparer.Ordinal);
        Keys(actual, manifest.Json.TryGetProperty("keys", out var keys) ? keys : manifest.Json.GetProperty("tensors"));
        ParameterCount(actual.Values);
    }

    public void ParameterCount(IEnumerable<IReadOnlyList<long>> shapes) =>
        Equal("parameters", shapes.Sum(s => s.Aggregate(1L, (a, b) => a * b)), manifest.Json.GetProperty("parameters").GetInt64());

    /// <summary>Keys and shapes.</summary>
    public void Keys(IReadOnlyDictionary<string, IReadOnlyList<long>> actual, JsonElement expected)
    {
        var shapes = expected.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.EnumerateArray().Select(d => d.GetInt64()).ToArray(), StringComparer.Ordinal);
        compared += shapes.Count;
        differences.AddRange(shapes.Keys.Except(actual.Keys, StringComparer.Ordinal).Select(k => $"{k} is missing"));
        differences.AddRange(actual.Keys.Except(shapes.Keys, StringComparer.Ordinal).Select(k => $"{k} is superfluous"));
        differences.AddRange(shapes.Where(s => actual.TryGetValue(s.Key, out var shape) && !shape.SequenceEqual(s.Value))
            .Select(s => $"{s.Key} is [{string.Join(", ", actual[s.Key])}], expected [{string.Join(", ", s.Value)}]"));
    }

    public void Equal<T>(string what, T actual, T expected)
    {
        compared++;
        if (!EqualityComparer<T>.Default.Equals(actual, expected)) differences.Add($"{what}: {actual}, expected {expected}");
    }

    public void Done()
    {
        Assert.True(differences.Count == 0, $"{manifest.Path}: {differences.Count} differences\n  {string.Join("\n  ", differences.Take(40))}");
        Assert.True(compared > 0, $"{manifest.Path}: the reader compared nothing");
    }
}
