using System.Text.Json;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Lora.Files;
using SpoActors.Trainer.Models.UNet;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Manifests;

/// <summary>LoRA files: what we write for the real UNet, whose manifest lies beside this one, in each format.</summary>
public sealed class LoraManifests : IManifestReader
{
    public bool Understands(GoldenManifest manifest) => manifest.Json.TryGetProperty("kohya", out _);

    public void Check(GoldenManifest manifest, ManifestAssert check)
    {
        using var baseModel = BaseModel(manifest);
        var unet = new UNet2DCondition(UNetConfig.Parse(baseModel.Config, baseModel.Path), META);
        var (rank, alpha) = (manifest.Json.GetProperty("rank").GetInt64(), manifest.Json.GetProperty("alpha").GetDouble());
        // One element, expanded: the files' headers are what counts.
        var factors = LoraTargets.Find(unet, new LoraSpecification().TargetModules).ToDictionary(t => t.Path,
            t => new LoraFactors(zeros(1, 1).expand(rank, t.Layer.InFeatures), zeros(1, 1).expand(t.Layer.OutFeatures, rank), alpha), StringComparer.Ordinal);

        var diffusers = Written(stream => LoraWeights.WriteDiffusers(stream, factors, ScalarType.Int8));
        check.Keys(diffusers, Tensors(manifest, "diffusers"));
        check.ParameterCount(diffusers.Values);
        check.Keys(Written(stream => LoraWeights.WriteKohya(stream, factors, ScalarType.Int8)), Tensors(manifest, "kohya"));
        check.Keys(factors.SelectMany(f => new[] { ($"{f.Key}.lora_A.weight", f.Value.A), ($"{f.Key}.lora_B.weight", f.Value.B) })
            .ToDictionary(p => p.Item1, p => (IReadOnlyList<long>)p.Item2.shape, StringComparer.Ordinal), Tensors(manifest, "peft"));
    }

    static JsonElement Tensors(GoldenManifest manifest, string format) => manifest.Json.GetProperty(format).GetProperty("tensors");

    static Dictionary<string, IReadOnlyList<long>> Written(Action<Stream> write)
    {
        var path = Path.GetTempFileName();
        try
        {
            using (var stream = File.Create(path)) write(stream);
            using var file = SafetensorsFile.Open(path);
            return file.Tensors.ToDictionary(t => t.Key, t => t.Value.Shape, StringComparer.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    // "LoRA of runwayml/stable-diffusion-v1-5 unet, rank 4, …"
    static GoldenManifest BaseModel(GoldenManifest manifest)
    {
        var name = manifest.Text("model")["LoRA of ".Length..].Split(',')[0];
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(manifest.Path)!, "*.json"))
        {
            var other = new GoldenManifest(file);
            if (other.Text("model") == name) return other;
            other.Dispose();
        }
        throw new InvalidOperationException($"No manifest beside '{manifest.Path}' is of '{name}'.");
    }
}
