using System.Text.Json.Nodes;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Native;
using static TorchSharp.torch;

namespace SpoActors.Client.Tests;

/// <summary>
/// The folders of tests/data/cases that are about checkpoints, LoRA files and model folders: each file behaves as the folder's README says.
/// Where a case is a whole model, it is made here of the tiny one.
/// </summary>
public sealed class FileCaseTests : IDisposable
{
    static readonly string Model = Repository.PathOf("tests/data/tiny/pipeline");

    readonly TemporaryFolder folder = new();

    public FileCaseTests() => NativeLibtorch.EnsureLoaded();

    public void Dispose() => folder.Dispose();

    static string Case(string path) => Repository.PathOf("tests/data/cases/" + path);

    // As many steps as the case says.
    Task<(ExitCode Code, RecordingOutput Output)> Sample(string name, string model, params string[] more) =>
        Spo.Run(["sample", model, "-p", "a boat", "--steps", more.Contains("--lora-strength") ? "4" : "1", "-o", folder[name], .. more]);

    async Task<PixelImage> Drawn(string name, string model, params string[] more)
    {
        var (code, output) = await Sample(name, model, more);
        Assert.True(code == ExitCode.Success, output.StandardError);
        return PixelImage.Load(Path.Combine(folder[name], "0000-seed0.png"));
    }

    async Task<string> Refused(string model, params string[] more)
    {
        var (code, output) = await Sample("refused", model, more);
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.False(Directory.Exists(folder["refused"]));
        Assert.DoesNotContain("   at ", output.StandardError, StringComparison.Ordinal);
        return output.StandardError;
    }

    string Copy(string from, string name)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(folder[name], Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }
        return folder[name];
    }

    // Names and values of a safetensors file, changed.
    static void Rewrite(string from, string to, Action<Dictionary<string, Tensor>> change)
    {
        using var scope = NewDisposeScope();
        using var source = SafetensorsFile.Open(from);
        var tensors = source.Tensors.Keys.ToDictionary(k => k, source.Load);
        change(tensors);
        using var buffer = new MemoryStream();
        SafetensorsWriter.Write(buffer, tensors);
        File.WriteAllBytes(to, buffer.ToArray());
    }

    [Fact]
    public async Task Case01_LoraOfProjections_IsAppliedAsAProductInTheWeights()
    {
        var expected = PixelImage.Load(Case("01-lora-conv1x1/expected.png"));
        var drawn = await Drawn("with", Model, "--lora", Case("01-lora-conv1x1/unet_only.safetensors"), "--lora-strength", "40");
        var bare = await Drawn("without", Model, "--lora", Case("01-lora-conv1x1/unet_only.safetensors"), "--lora-strength", "0");
        Assert.InRange(Difference(expected, drawn), 0, 2);
        Assert.True(Difference(expected, bare) > 20);

        static int Difference(PixelImage a, PixelImage b) => a.Data.Zip(b.Data).Max(p => Math.Abs(p.First - p.Second));
    }

    [Theory]
    [InlineData("diffusers")]
    [InlineData("kohya")]
    public async Task Case01_ConvertedProjections_KeepFourDimensions(string to)
    {
        Assert.Equal(ExitCode.Success, (await Spo.Run("convert", Case("01-lora-conv1x1/projections_only.safetensors"), folder["p.safetensors"], "--to", to)).Code);
        using var converted = SafetensorsFile.Open(folder["p.safetensors"]);
        Assert.All(converted.Tensors.Where(t => t.Key.Contains("weight", StringComparison.Ordinal)), t => Assert.Equal([1L, 1], t.Value.Shape.Skip(2)));
    }

    [Theory]
    [InlineData("nan_f32", ".alpha' is NaN")]
    [InlineData("inf_f16", ".alpha' is infinite")]
    [InlineData("int8_factors", "lora_down.weight' holds whole numbers (int8)")]
    public async Task Case03_AlphaThatIsNotFinite_IsRefusedByName(string file, string expected) =>
        Assert.Contains(expected, await Refused(Model, "--lora", Case($"03-lora-alpha-not-finite/{file}.safetensors")), StringComparison.Ordinal);

    [Fact]
    public async Task Case03_AlphaOfZero_IsTheRank()
    {
        var zero = await Drawn("zero", Model, "--lora", Case("03-lora-alpha-not-finite/zero_f16.safetensors"), "--lora-strength", "40");
        Assert.NotEqual((await Drawn("bare", Model, "--lora", Case("03-lora-alpha-not-finite/zero_f16.safetensors"), "--lora-strength", "0")).Data, zero.Data);
        await Drawn("control", Model, "--lora", Case("03-lora-alpha-not-finite/int64.safetensors"));
    }

    [Theory]
    [InlineData("deis")]
    [InlineData("unipc")]
    [InlineData("lcm")]
    [InlineData("ddpm_fixed_large")]
    [InlineData("sde_dpm")]
    public async Task Case09_SchedulerOfAnotherSampler_DrawsTheControlsPixels(string overlay)
    {
        var model = Copy(Model, "m");
        Copy(Case($"09-scheduler-of-another-sampler/{overlay}"), "m");
        Assert.Equal((await Drawn("control", Model)).Data, (await Drawn("other", model)).Data);
    }

    [Fact]
    public async Task Case09_SamplerThatTheFileAsksForMoreOf_IsRefusedByName()
    {
        var model = Copy(Model, "m");
        Copy(Case("09-scheduler-of-another-sampler/sde_dpm"), "m");
        Assert.Contains("algorithm_type is \"sde-dpmsolver++\"", await Refused(model, "--scheduler", "dpm_solver"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sample_WhenTheModelOverflows_SaysSoInsteadOfDrawing()
    {
        var model = Copy(Model, "m");
        var config = JsonNode.Parse(File.ReadAllText(folder["m/vae/config.json"]))!;
        config["scaling_factor"] = 1e-40;
        File.WriteAllText(folder["m/vae/config.json"], config.ToJsonString());
        var (code, output) = await Sample("overflowing", model);
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("the latents are finite and the image is not, so the autoencoder overflowed", output.StandardError, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("evaluation.scheduler: found", "algorithm_type is \"sde-dpmsolver++\"", "evaluation.scheduler=dpm_solver")]
    [InlineData("evaluation.steps: found", "1001", "evaluation.steps=1001")]
    public async Task Run_WhenItsSamplesCannotBeDrawn_SaysSoBeforeAnyWork(string key, string expected, string setting)
    {
        var model = Copy(Model, "m");
        Copy(Case("09-scheduler-of-another-sampler/sde_dpm"), "m");
        var (code, output) = await Spo.Run(["run", Repository.PathOf("config/tiny.yaml"), "--output", folder["runs"], "--set", $"model.path={model}", "--set", setting]);
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains(key, output.StandardError, StringComparison.Ordinal);
        Assert.Contains(expected, output.StandardError, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["runs"]));
    }

    [Fact]
    public async Task Case10_AutoencoderWithTrainingLeftovers_DrawsTheControlsPixels()
    {
        var clean = Path.Combine(Model, "vae");
        var other = Copy(clean, "vae");
        Rewrite(Path.Combine(clean, "diffusion_pytorch_model.safetensors"), Path.Combine(other, "diffusion_pytorch_model.safetensors"), tensors =>
        {
            tensors.Add("loss.discriminator.main.0.weight", ones(2, 3, 4, 4));
            tensors.Add("loss.logvar", zeros(1));
            tensors.Add("model_ema.decay", tensor(0.999f));
            tensors.Add("model_ema.num_updates", tensor(7));
        });
        Assert.Equal((await Drawn("control", Model, "--vae", clean)).Data, (await Drawn("other", Model, "--vae", other)).Data);
    }

    [Fact]
    public async Task Case11_InpaintingModel_IsRefusedByWhatItIs()
    {
        var (model, weights) = (Copy(Model, "m"), folder["m/unet/diffusion_pytorch_model.safetensors"]);
        Rewrite(Path.Combine(Model, "unet/diffusion_pytorch_model.safetensors"), weights, tensors => tensors["conv_in.weight"] = zeros(tensors["conv_in.weight"].shape[0], 9, 3, 3));
        var config = JsonNode.Parse(File.ReadAllText(folder["m/unet/config.json"]))!;
        config["in_channels"] = 9;
        File.WriteAllText(folder["m/unet/config.json"], config.ToJsonString());
        Assert.Contains("it is an inpainting model (its unet takes 9 channels); expected a text-to-image model", await Refused(model), StringComparison.Ordinal);
        var (code, output) = await Spo.Run(Spo.TinyRun(folder["runs"], "--set", $"model.path={model}"));
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains("an inpainting model", output.StandardError, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["runs"]));
    }

    [Fact]
    public async Task Case15_TextEncoderWithoutItsPrefix_DrawsTheControlsPixels()
    {
        var model = Copy(Model, "m");
        Rewrite(Path.Combine(Model, "text_encoder/model.safetensors"), folder["m/text_encoder/model.safetensors"], tensors =>
        {
            foreach (var key in tensors.Keys.ToList())
                if (tensors.Remove(key, out var value)) tensors.Add(key.Replace("text_model.", "", StringComparison.Ordinal), value);
        });
        Assert.Equal((await Drawn("control", Model)).Data, (await Drawn("other", model)).Data);
    }

    [Fact]
    public async Task Case22_JudgeOfBothLayouts_IsScoredAlike()
    {
        var spm = Repository.PathOf("tests/data/tiny/spm");
        foreach (var layout in (string[])["new", "old"])
        {
            File.Delete(Path.Combine(Copy(spm, layout), "preprocessor_config.json"));
            Copy(Case($"22-judge-processor-config/{layout}"), layout);
            await Run(layout, folder[layout]);
        }
        await Run("clips_own", spm);
        Assert.Equal(Adapter("old"), Adapter("new"));
        Assert.NotEqual(Adapter("old"), Adapter("clips_own"));

        async Task Run(string name, string judge)
        {
            var (code, output) = await Spo.Run(Spo.TinyRun(folder["runs"], "--set", $"judge.path={judge}", "--set", $"name={name}", "--set", "evaluation.count=0", "--set", "training.rounds=1"));
            Assert.True(code == ExitCode.Success, output.StandardError);
        }

        byte[] Adapter(string name) => File.ReadAllBytes(folder[$"runs/{name}/pytorch_lora_weights.safetensors"]);
    }
}
