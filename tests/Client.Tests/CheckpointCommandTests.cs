using System.Text.Json;
using SpoActors.Trainer.Imaging;

namespace SpoActors.Client.Tests;

public sealed class CheckpointCommandTests
{
    static readonly string Model = Repository.PathOf("tests/data/tiny/pipeline");

    [Fact]
    public async Task Inspect_WhenGivenAFolder_NamesItsComponents()
    {
        var (code, output) = await Spo.Run("inspect", Model, "--format", "json");
        Assert.Equal(ExitCode.Success, code);
        using var json = JsonDocument.Parse(output.StandardOutput);
        Assert.Equal("diffusers_folder", json.RootElement.GetProperty("kind").GetString());
        Assert.Equal("unet", json.RootElement.GetProperty("components").GetProperty("unet").GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Inspect_WhenThereIsNothing_ReturnsNotFound() => Assert.Equal(ExitCode.NotFound, (await Spo.Run("inspect", "/nowhere")).Code);

    [Fact]
    public async Task Inspect_WhenFileIsTruncated_ReturnsInvalidInput()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["cut.safetensors"], File.ReadAllBytes(Path.Combine(Model, "unet/diffusion_pytorch_model.safetensors"))[..5000]);
        var (code, output) = await Spo.Run("inspect", folder["cut.safetensors"]);
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains("cut.safetensors", output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sample_WhenComparingALora_DrawsImagesThatSayHowTheyWereMade()
    {
        using var folder = new TemporaryFolder();
        await Spo.Run(Spo.TinyRun(folder.Path, "--set", "evaluation.count=0", "--set", "training.rounds=1"));
        var lora = folder["tiny/pytorch_lora_weights.safetensors"];
        var (code, output) = await Spo.Run("sample", Model, "--prompt", "a ünicode cat", "--seed", "1", "2", "--steps", "2", "--lora", lora, "--compare", "--output", folder["images"], "--format", "json");
        Assert.True(code == ExitCode.Success, output.StandardError);
        Assert.Equal(["0000-seed1-base.png", "0000-seed1.png", "0000-seed2-base.png", "0000-seed2.png", "grid.png"], Directory.GetFiles(folder["images"]).Select(Path.GetFileName).Order());
        var texts = PngFile.ReadTexts(File.ReadAllBytes(folder["images/0000-seed2.png"]));
        Assert.Equal(("a ünicode cat", "2"), (texts["prompt"], texts["seed"]));
        Assert.Contains(lora, texts["lora"], StringComparison.Ordinal);
        Assert.NotEqual(PixelImage.Load(folder["images/0000-seed1.png"]).Data, PixelImage.Load(folder["images/0000-seed2.png"]).Data);

        var (_, shown) = await Spo.Run("inspect", folder["images/0000-seed2.png"], "--format", "json");
        Assert.Contains("\"prompt\": \"a ünicode cat\"", shown.StandardOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Convert_WhenThereAndBack_GivesTheSameFile()
    {
        using var folder = new TemporaryFolder();
        await Spo.Run(Spo.TinyRun(folder.Path, "--set", "evaluation.count=0", "--set", "training.rounds=1"));
        var lora = folder["tiny/pytorch_lora_weights.safetensors"];
        Assert.Equal(ExitCode.Success, (await Spo.Run("convert", lora, folder["kohya.safetensors"], "--to", "kohya")).Code);
        Assert.Equal(ExitCode.Success, (await Spo.Run("convert", folder["kohya.safetensors"], folder["back.safetensors"])).Code);
        Assert.Equal(File.ReadAllBytes(lora), File.ReadAllBytes(folder["back.safetensors"]));

        var (code, output) = await Spo.Run("convert", lora, folder["kohya.safetensors"]);
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains("--overwrite", output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Convert_WhenInputIsNoLora_SaysWhatToDo()
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await Spo.Run("convert", Path.Combine(Model, "vae/diffusion_pytorch_model.safetensors"), folder["x.safetensors"]);
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains("is no LoRA of a UNet; `spo inspect` says what it is", output.StandardError, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["x.safetensors"]));
    }

    [Fact]
    public async Task Sample_WhenLoraIsOfAnotherModel_SaysSo()
    {
        using var folder = new TemporaryFolder();
        await Spo.Run(Spo.TinyRun(folder.Path, "--set", "evaluation.count=0", "--set", "training.rounds=1"));
        var other = Repository.PathOf("tests/data/golden/spo/sdxl_a/pipeline");
        var (code, output) = await Spo.Run("sample", other, "--prompt", "a", "--lora", folder["tiny/pytorch_lora_weights.safetensors"], "--output", folder["images"]);
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.NotEmpty(output.StandardError);
        Assert.False(Directory.Exists(folder["images"]));
    }
}
