using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Models.Vae;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Manifests;

/// <summary>Models as diffusers and transformers save them, by the class that the manifest names.</summary>
public sealed class DiffusersModelManifests : IManifestReader
{
    static readonly Dictionary<string, Func<GoldenManifest, nn.Module>> Models = new(StringComparer.Ordinal)
    {
        ["CLIPTextModel"] = m => new ClipTextModel(ClipTextConfig.Parse(m.Config, m.Path), META),
        ["CLIPTextModelWithProjection"] = m => new ClipTextModelWithProjection(ClipTextConfig.Parse(m.Config, m.Path), META),
        ["CLIPModel"] = m => new ClipModel(ClipConfig.Parse(m.Config, m.Path), META),
        ["UNet2DConditionModel"] = m => new UNet2DCondition(UNetConfig.Parse(m.Config, m.Path), META),
        ["AutoencoderKL"] = m => new AutoencoderKl(VaeConfig.Parse(m.Config, m.Path), META),
    };

    public bool Understands(GoldenManifest manifest) => Models.ContainsKey(manifest.Text("class"));

    public void Check(GoldenManifest manifest, ManifestAssert check) => check.Parameters(Models[manifest.Text("class")](manifest));
}
