using System.Runtime.CompilerServices;
using System.Text.Json;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Diffusers;
using SpoActors.Trainer.Checkpoints.SingleFile;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Models.Vae;
using SpoActors.Trainer.Native;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Checkpoints.SingleFile;

public sealed class SingleFileModelTests : IDisposable
{
    static readonly OriginalLayout TinySd15 = new(1, [false, true, true, true], 4), TinySdxl = new(1, [true, true, false], 4);

    readonly TemporaryFolder folder = new();

    public SingleFileModelTests() => NativeLibtorch.EnsureLoaded();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Weights_OfARealSd15File_HaveTheManifestsKeysAndShapes()
    {
        var model = SingleFileModel.Open(SparseCheckpoint.Write(folder.Path("sd15.safetensors"), Sd15File()));
        Assert.False(model.IsXl);
        CheckComponents(model, ("unet", "sd15_unet"), ("vae", "sd15_vae"), ("text_encoder", "sd15_text_encoder"));
        Assert.Equal(Manifest("sd15_unet", UNetConfig.Parse), Settings(model.Config("unet", UNetConfig.Parse)));
        Assert.Equal(Manifest("sd15_vae", VaeConfig.Parse), Settings(model.Config("vae", VaeConfig.Parse)));
        Assert.Equal(Manifest("sd15_text_encoder", ClipTextConfig.Parse), Settings(model.Config("text_encoder", ClipTextConfig.Parse)));
        Assert.Equal(Pipeline("runwayml/stable-diffusion-v1-5"), Settings(model.Config("scheduler", SchedulerConfig.Parse)));
    }

    [Fact]
    public void Weights_OfARealSdxlFile_HaveTheManifestsKeysAndShapes()
    {
        var model = SingleFileModel.Open(SparseCheckpoint.Write(folder.Path("sdxl.safetensors"), SdxlFile()));
        Assert.True(model.IsXl);
        CheckComponents(model, ("unet", "sdxl_unet"), ("vae", "sdxl_vae"), ("text_encoder", "sdxl_text_encoder"), ("text_encoder_2", "sdxl_text_encoder_2"));
        Assert.Equal(Manifest("sdxl_unet", UNetConfig.Parse), Settings(model.Config("unet", UNetConfig.Parse)));
        Assert.Equal(Manifest("sdxl_vae", VaeConfig.Parse), Settings(model.Config("vae", VaeConfig.Parse)));
        Assert.Equal(Manifest("sdxl_text_encoder", ClipTextConfig.Parse), Settings(model.Config("text_encoder", ClipTextConfig.Parse)));
        Assert.Equal(Manifest("sdxl_text_encoder_2", ClipTextConfig.Parse), Settings(model.Config("text_encoder_2", ClipTextConfig.Parse)));
        Assert.Equal(Pipeline("stabilityai/stable-diffusion-xl-base-1.0"), Settings(model.Config("scheduler", SchedulerConfig.Parse)));
        Assert.Equal(2515, SdxlFile().Count);
    }

    [Fact]
    public void Weights_OfARealSdxlUNet_FitTheModel()
    {
        var model = SingleFileModel.Open(SparseCheckpoint.Write(folder.Path("sdxl.safetensors"), SdxlFile()));
        using var weights = model.Weights("unet");
        using var unet = ModuleLoading.Load(new UNet2DCondition(model.Config("unet", UNetConfig.Parse), META), weights, new LoadOptions { Device = META });
        Assert.Equal(2_567_463_684, unet.parameters().Sum(p => p.numel()));
    }

    [Theory]
    [InlineData("spo/sd15_a")]
    [InlineData("spo/sdxl_a")]
    public void Weights_OfAConvertedFolder_AreItsTensorsBitForBit(string name)
    {
        var original = DiffusersFolder.Open(Golden($"{name}/pipeline"));
        var model = SingleFileModel.Open(WriteOriginal("model.safetensors", original));
        Assert.Equal(original.IsXl, model.IsXl);
        foreach (var component in model.NeededComponents)
        {
            using var scope = NewDisposeScope();
            using var expected = original.Weights(component);
            using var actual = model.Weights(component);
            var wanted = expected.Tensors.Keys.Where(k => !k.EndsWith("position_ids", StringComparison.Ordinal)).Order().ToList();
            Assert.Equal(wanted, actual.Tensors.Keys.Order());
            Assert.All(wanted, key =>
            {
                Assert.Equal(expected.Tensors[key].Shape, actual.Tensors[key].Shape);
                Assert.True(expected.Load(key).eq(actual.Load(key)).all().item<bool>(), key);
            });
        }
    }

    [Fact]
    public void Config_OfAVPredictionFile_SaysSo()
    {
        var shapes = SdxlFile();
        (shapes["v_pred"], shapes["ztsnr"]) = ([0], [0]);
        var scheduler = SingleFileModel.Open(SparseCheckpoint.Write(folder.Path("v.safetensors"), shapes)).Config("scheduler", SchedulerConfig.Parse);
        Assert.Equal(PredictionType.VPrediction, scheduler.PredictionType);
        Assert.True(scheduler.RescaleBetasZeroSnr);
    }

    [Theory]
    [InlineData("tokenizer", 49407)]
    [InlineData("tokenizer_2", 0)]
    public void Tokenizer_OfAnyFile_IsClipsOwn(string component, long pad)
    {
        var model = SingleFileModel.Open(SparseCheckpoint.Write(folder.Path("sdxl.safetensors"), SdxlFile()));
        var ids = model.Tokenizer(component).Encode("a photo of a cat");
        Assert.Equal([49406, 320, 1125, 539, 320, 2368, 49407, pad], ids[..8]);
    }

    [Theory]
    [InlineData("control_model.input_hint_block.0.weight", "1 tensors that are not of an SD 1.x checkpoint: control_model.input_hint_block.0.weight")]
    [InlineData("cond_stage_model.model.ln_final.weight", "SD 2.x")]
    [InlineData("conditioner.embedders.0.model.ln_final.weight", "the SDXL refiner")]
    public void Open_OfAnotherModel_SaysWhatItIs(string key, string expected)
    {
        var shapes = Sd15File();
        shapes[key] = [1];
        var path = SparseCheckpoint.Write(folder.Path("other.safetensors"), shapes);
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => SingleFileModel.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OfAPickledFile_ReadsItSafely()
    {
        using var scope = NewDisposeScope();
        const string Key = "model.diffusion_model.out.2.bias";
        var path = folder.Write("model.ckpt", PickleBuilder.Zip(PickleBuilder.StateDict(legacy: false, (Key, "0", 1, [4], [1])), ["0"]));
        using var weights = SingleFileModel.Open(path).Weights("unet");
        Assert.Equal([1f, 2, 3, 4], weights.Load("conv_out.bias").data<float>().ToArray());
    }

    [Fact]
    public void Open_OfOneComponent_SaysWhatItExpected()
    {
        var path = SparseCheckpoint.Write(folder.Path("unet.safetensors"), ManifestShapes("sd15_unet"));
        Assert.Contains("no tensor 'model.diffusion_model....'", Assert.Throws<CheckpointException>(() => SingleFileModel.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_WithoutVae_NamesItAndTheSetting()
    {
        var shapes = Sd15File().Where(s => !s.Key.StartsWith("first_stage_model.", StringComparison.Ordinal)).ToDictionary();
        var model = SingleFileModel.Open(SparseCheckpoint.Write(folder.Path("novae.safetensors"), shapes));
        model.Require(["unet", "text_encoder", "tokenizer", "scheduler"]);
        var error = Assert.Throws<CheckpointException>(() => model.Require());
        Assert.Contains("vae (first_stage_model....) missing", error.Message, StringComparison.Ordinal);
        Assert.Contains("model.vae", error.Message, StringComparison.Ordinal);
    }

    static Dictionary<string, long[]> Sd15File() => Join(
        Rename(ManifestShapes("sd15_unet"), OriginalLayout.Sd15.UNet), VaeShapes("sd15_vae"),
        Rename(ManifestShapes("sd15_text_encoder"), k => "cond_stage_model.transformer." + k),
        new() { ["cond_stage_model.transformer.text_model.embeddings.position_ids"] = [1, 77], ["alphas_cumprod"] = [1000], ["model_ema.decay"] = [] });

    static Dictionary<string, long[]> SdxlFile() => Join(
        Rename(ManifestShapes("sdxl_unet"), OriginalLayout.Sdxl.UNet), VaeShapes("sdxl_vae"),
        Rename(ManifestShapes("sdxl_text_encoder"), k => "conditioner.embedders.0.transformer." + k),
        new() { ["conditioner.embedders.0.transformer.text_model.embeddings.position_ids"] = [1, 77] },
        OpenClipLayout.Shapes(ManifestShapes("sdxl_text_encoder_2")));

    static Dictionary<string, long[]> VaeShapes(string manifest) => ManifestShapes(manifest).ToDictionary(
        s => OriginalLayout.Sd15.Vae(s.Key), s => OriginalLayout.IsVaeProjection(s.Key) ? [.. s.Value, 1, 1] : s.Value);

    string WriteOriginal(string name, DiffusersFolder original)
    {
        using var scope = NewDisposeScope();
        var layout = original.IsXl ? TinySdxl : TinySd15;
        var tensors = new Dictionary<string, Tensor>();
        void Add(string component, Func<string, string> rename, Func<string, Tensor, Tensor>? change = null)
        {
            var source = original.Weights(component);
            foreach (var key in source.Tensors.Keys) tensors.Add(rename(key), change?.Invoke(key, source.Load(key)) ?? source.Load(key));
        }
        Add("unet", layout.UNet);
        Add("vae", layout.Vae, (key, t) => OriginalLayout.IsVaeProjection(key) ? t.unsqueeze(-1).unsqueeze(-1) : t);
        Add("text_encoder", k => (original.IsXl ? "conditioner.embedders.0.transformer." : "cond_stage_model.transformer.") + k);
        if (original.IsXl)
        {
            using var second = original.Weights("text_encoder_2");
            foreach (var (key, tensor) in OpenClipLayout.Tensors(second)) tensors.Add(key, tensor);
        }
        return folder.WriteTensors(name, [.. tensors.Select(t => (t.Key, t.Value))]);
    }

    static void CheckComponents(SingleFileModel model, params (string Component, string Manifest)[] components)
    {
        model.Require();
        foreach (var (component, manifest) in components)
        {
            using var weights = model.Weights(component);
            var actual = weights.Tensors.Where(t => !t.Key.EndsWith("position_ids", StringComparison.Ordinal)).ToDictionary(t => t.Key, t => string.Join(",", t.Value.Shape));
            var expected = ManifestShapes(manifest).ToDictionary(s => s.Key, s => string.Join(",", s.Value));
            Assert.Equal(expected.OrderBy(e => e.Key, StringComparer.Ordinal), actual.OrderBy(a => a.Key, StringComparer.Ordinal));
        }
    }

    static Dictionary<string, long[]> Rename(Dictionary<string, long[]> shapes, Func<string, string> rename) => shapes.ToDictionary(s => rename(s.Key), s => s.Value);

    static Dictionary<string, long[]> Join(params Dictionary<string, long[]>[] parts) => parts.SelectMany(p => p).ToDictionary(StringComparer.Ordinal);

    // Lists in records compare by reference, their JSON by value.
    static string Settings<T>(T config) => JsonSerializer.Serialize(config);

    static string Manifest<T>(string name, Func<JsonElement, string, T> parse)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Golden($"manifests/{name}.json")));
        return Settings(parse(json.RootElement.GetProperty("config"), name));
    }

    static string Pipeline(string name)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Golden("manifests/pipelines.json")));
        return Settings(SchedulerConfig.Parse(json.RootElement.GetProperty(name).GetProperty("scheduler/scheduler_config.json"), name));
    }

    static Dictionary<string, long[]> ManifestShapes(string name)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Golden($"manifests/{name}.json")));
        return json.RootElement.GetProperty("tensors").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.EnumerateArray().Select(d => d.GetInt64()).ToArray());
    }

    static string Golden(string relative, [CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "../../../data/golden", relative));
}
