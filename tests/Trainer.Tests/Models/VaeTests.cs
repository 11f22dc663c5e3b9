using System.Text.Json;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Models.Vae;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Models;

public sealed class VaeTests
{
    static readonly VaeConfig Small = new() { BlockOutChannels = [8, 16, 16], NormNumGroups = 4 };

    static AutoencoderKl Create()
    {
        manual_seed(1);
        return new AutoencoderKl(Small);
    }

    [Fact]
    public void Vae_WhenSliced_GivesTheSame()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var vae = Create();
        var latents = TinyUNet.Normal(1, 3, 4, 8, 12);
        var expected = vae.Decode(latents);
        vae.Slicing = true;
        Assert.InRange(TinyUNet.Distance(expected, vae.Decode(latents)), 0, 1e-5);
    }

    [Fact]
    public void Vae_WhenTheImageFitsIntoATile_IsNotTiled()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var vae = Create();
        var latents = TinyUNet.Normal(1, 1, 4, 8, 12);
        var expected = vae.Decode(latents);
        vae.Tiling = new VaeTiling(tilePixels: 48, overlapPixels: 16);
        Assert.True(TinyUNet.SameBits(expected, vae.Decode(latents)));
    }

    [Theory]
    [InlineData(20, 31)]
    [InlineData(16, 9)]
    public void Tiling_WhenTheModelIsLocal_GivesTheWholeImageWithoutSeams(int height, int width)
    {
        using var scope = NewDisposeScope();
        var tiling = new VaeTiling(tilePixels: 64, overlapPixels: 16);
        var latents = TinyUNet.Normal(1, 2, 4, height, width);
        var decoded = tiling.Decode(latents, 8, Enlarge)!;
        Assert.InRange(TinyUNet.Distance(Enlarge(latents), decoded), 0, 1e-5);

        var encoded = tiling.Encode(decoded, 8, Shrink)!;
        Assert.InRange(TinyUNet.Distance(latents, encoded), 0, 1e-5);

        static Tensor Enlarge(Tensor x) => x.repeat_interleave(8, 2).repeat_interleave(8, 3);
        static Tensor Shrink(Tensor x) => nn.functional.avg_pool2d(x, [8, 8], null, null);
    }

    [Fact]
    public void Vae_WhenTiled_IsCloseToTheWholeImageAndContinuous()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var vae = Create();
        var latents = nn.functional.interpolate(TinyUNet.Normal(1, 1, 4, 4, 4), [48, 48], mode: InterpolationMode.Bilinear, align_corners: false);
        var whole = vae.Decode(latents);
        vae.Tiling = new VaeTiling(tilePixels: 96, overlapPixels: 32);
        var tiled = vae.Decode(latents);

        Assert.Equal(whole.shape, tiled.shape);
        // Blended neighbours don't jump: no row-to-row difference is much larger than in the whole image.
        Assert.InRange(LargestStep(tiled), 0, 1.5 * LargestStep(whole));

        static double LargestStep(Tensor image) => image.diff(dim: 2).abs().max().item<float>();
    }

    [Fact]
    public void Vae_WhenCheckpointed_GivesTheSameGradientBits()
    {
        using var scope = NewDisposeScope();
        var vae = Create();
        var plain = Gradient();
        vae.GradientCheckpointing = true;
        Assert.True(TinyUNet.SameBits(plain, Gradient()));

        Tensor Gradient()
        {
            var latents = TinyUNet.Normal(1, 1, 4, 4, 4).requires_grad_(true);
            vae.Decode(latents).square().sum().backward();
            return latents.grad!;
        }
    }

    [Fact]
    public void Vae_WhenRun_LeavesOnlyItsResultInTheCallersScope()
    {
        using var outer = NewDisposeScope();
        using var noGradient = no_grad();
        var vae = Create();
        var image = TinyUNet.Normal(1, 2, 3, 16, 16);
        using var scope = NewDisposeScope();
        var gaussian = vae.Encode(image);
        Assert.Equal(2, scope.DisposablesCount);
        using var decoded = vae.Decode(gaussian.Mean);
        Assert.Equal(3, scope.DisposablesCount);
    }

    [Fact]
    public void VaeConfig_WhenSettingsAreNotSupported_ListsThemAll()
    {
        var json = """{ "act_fn": "relu", "use_quant_conv": false, "block_out_channels": [64, 65], "down_block_types": ["AttnDownEncoderBlock2D"] }""";
        var error = Assert.Throws<CheckpointException>(() => VaeConfig.Parse(JsonDocument.Parse(json).RootElement, "vae/config.json"));
        foreach (var expected in (string[])["act_fn is \"relu\"", "use_quant_conv is false", "block_out_channels has 65", "AttnDownEncoderBlock2D", "up_block_types has 1 entries"])
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }
}
