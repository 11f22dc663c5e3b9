using System.Text.Json;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Harness;

/// <summary>
/// One recorded case: a folder with <c>case.json</c> and, mostly, <c>tensors.safetensors</c>; a case of items has <c>cases.json</c> instead.
/// </summary>
public sealed class GoldenCase : IDisposable
{
    readonly Lazy<ITensorSource> tensors;
    readonly Lazy<IReadOnlyList<GoldenItem>> items;

    public GoldenCase(string area, string folder)
    {
        Area = area;
        Folder = folder;
        Json = CheckpointJson.ReadObject(Path("case.json"), "a recorded case");
        tensors = new(() => SafetensorsFile.Open(Path("tensors.safetensors")));
        items = new(ReadItems);
    }

    public string Area { get; }

    public string Folder { get; }

    public string Name => System.IO.Path.GetFileName(Folder);

    /// <summary>The description; infinities and NaN are texts.</summary>
    public JsonElement Json { get; }

    /// <summary>The function or file of the original that was run; readers recognise their cases by it.</summary>
    public string Source => Json.TryGetProperty("source", out var source) ? source.GetString() ?? "" : "";

    public JsonElement Config => Json.GetProperty("config");

    /// <summary>The items of a case of items, in the order of their file; none for a case of tensors.</summary>
    public IReadOnlyList<GoldenItem> Items => items.Value;

    public ITensorSource Tensors => tensors.Value;

    public bool Has(string name) => Tensors.Tensors.ContainsKey(name);

    public Tensor Tensor(string name) => Tensors.Load(name);

    public string Path(string relative) => System.IO.Path.Combine(Folder, relative);

    /// <summary>The largest float32-against-float64 difference recorded for an output, and the output's largest magnitude.</summary>
    public (double MaxError, double MaxAbs) Tolerance(string output)
    {
        var entry = Json.GetProperty("tolerance").GetProperty(output);
        return (Number(entry, "max_abs_fp32_vs_fp64"), Number(entry, "output_max_abs"));
    }

    // What was not a number in one of the two runs says nothing; the floor counts then.
    static double Number(JsonElement entry, string name) =>
        entry.GetProperty(name) is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : 0;

    IReadOnlyList<GoldenItem> ReadItems() => Json.TryGetProperty("cases", out var file)
        ? [.. CheckpointJson.ReadArray(Path(file.GetString()!), "items of a recorded case").EnumerateArray().Select((item, i) => new GoldenItem(i, item))]
        : [];

    public void Dispose()
    {
        if (tensors.IsValueCreated) tensors.Value.Dispose();
    }
}

/// <summary>One item of a case of items: its inputs and, under <c>expected</c>, its outputs.</summary>
/// <param name="Index">Position in the file, from 0.</param>
/// <param name="Json">The item; infinities and NaN are texts.</param>
public sealed record GoldenItem(int Index, JsonElement Json)
{
    /// <summary>What to call it in a difference.</summary>
    public string Name => Json.TryGetProperty("name", out var name) ? $"{Index} ({name.GetString()})" : $"{Index}";

    public JsonElement Expected => Json.GetProperty("expected");
}
