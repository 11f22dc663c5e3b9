using System.Text.Json;
using System.Text.Json.Nodes;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Storage;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Training;

/// <summary>Writes models as diffusers and transformers do: a config and float16 safetensors.</summary>
static class ModelFiles
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static void WriteJson(string path, JsonNode json)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        AtomicFile.Write(path, JsonSerializer.SerializeToUtf8Bytes(json, Indented));
    }

    /// <summary>Floating weights in float16, anything else as it is. <c>format: pt</c> is what transformers insists on.</summary>
    public static void WriteWeights(string path, IReadOnlyDictionary<string, Tensor> weights)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var half = weights.ToDictionary(w => w.Key, w => w.Value.is_floating_point() ? w.Value.to_type(ScalarType.Float16) : w.Value, StringComparer.Ordinal);
        AtomicFile.Write(path, stream => SafetensorsWriter.Write(stream, half, new Dictionary<string, string> { ["format"] = "pt" }));
    }

    public static JsonArray Array<T>(params IEnumerable<T> values) => new([.. values.Select(v => (JsonNode?)JsonValue.Create(v))]);
}
