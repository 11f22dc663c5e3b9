using SpoActors.Golden.Tests.Harness;
using SpoActors.Golden.Tests.Preference;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Judges.ImageReward;
using SpoActors.Trainer.Models.Clip;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Manifests;

/// <summary>Plain and step-aware CLIP preference models.</summary>
public sealed class ClipPreferenceManifests : IManifestReader
{
    public bool Understands(GoldenManifest manifest) => !manifest.Json.TryGetProperty("class", out _)
        && (manifest.Text("source") == "transformers.CLIPModel" || manifest.Text("source").StartsWith("StepAwarePreferenceModel", StringComparison.Ordinal));

    public void Check(GoldenManifest manifest, ManifestAssert check)
    {
        var config = ClipConfig.Parse(manifest.Config, manifest.Path);
        if (manifest.Text("source") == "transformers.CLIPModel") check.Parameters(new ClipModel(config, META));
        else check.Parameters(new TimeConditionedClipModel(config, META), manifest.Text("prefix"));
    }
}

/// <summary>Heads like LAION's aesthetic one.</summary>
public sealed class ScoreHeadManifests : IManifestReader
{
    public bool Understands(GoldenManifest manifest) => manifest.Text("source").EndsWith("AestheticScore.py", StringComparison.Ordinal);

    public void Check(GoldenManifest manifest, ManifestAssert check) => check.Parameters(new ScoreHead(manifest.Config.GetProperty("layers")[0].GetInt32(), META));
}

/// <summary>ImageReward.</summary>
public sealed class ImageRewardManifests : IManifestReader
{
    public bool Understands(GoldenManifest manifest) => manifest.Text("source").EndsWith("ImageReward.py", StringComparison.Ordinal);

    public void Check(GoldenManifest manifest, ManifestAssert check) => check.Parameters(new ImageRewardModel(ImageRewardSizes.Read(manifest.Config), META));
}

/// <summary>HPSv2: open_clip's keys, which must map onto exactly those of our CLIP.</summary>
public sealed class OpenClipManifests : IManifestReader
{
    public bool Understands(GoldenManifest manifest) => manifest.Text("source").EndsWith("open_clip", StringComparison.Ordinal);

    public void Check(GoldenManifest manifest, ManifestAssert check)
    {
        var model = new ClipModel(OpenClipConfig.Parse(manifest.Config, manifest.Path), META);

        var shapes = manifest.Json.GetProperty("keys").EnumerateObject().ToDictionary(
            p => p.Name, p => new TensorDescription(ScalarType.Float32, [.. p.Value.EnumerateArray().Select(d => d.GetInt64())]), StringComparer.Ordinal);
        using var mapped = OpenClipWeights.AsTransformers(new ShapesOnly(manifest.Path, shapes));
        // Loading checks keys and shapes, and that each transform yields the shape that it announces.
        ModuleLoading.Load(model, mapped, new LoadOptions { Device = META });
        check.ParameterCount(model.parameters().Select(p => (IReadOnlyList<long>)p.shape));
    }

    sealed class ShapesOnly(string origin, IReadOnlyDictionary<string, TensorDescription> tensors) : ITensorSource
    {
        public string Origin => origin;

        public IReadOnlyDictionary<string, TensorDescription> Tensors => tensors;

        public Tensor Load(string key) => empty([.. tensors[key].Shape], tensors[key].DType, META);

        public void Dispose() { }
    }
}
