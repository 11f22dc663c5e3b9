using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Native;
using SpoActors.Trainer.Pipelines.Inspection;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Pipelines.Inspection;

public sealed class CheckpointInspectorTests : IDisposable
{
    readonly TemporaryFolder folder = new();

    public CheckpointInspectorTests() => NativeLibtorch.EnsureLoaded();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(CheckpointKind.UNet, "conv_in.weight", "time_embedding.linear_1.weight")]
    [InlineData(CheckpointKind.Vae, "encoder.conv_in.weight", "decoder.conv_in.weight")]
    [InlineData(CheckpointKind.ClipTextEncoder, "text_model.embeddings.token_embedding.weight")]
    [InlineData(CheckpointKind.Clip, "text_model.embeddings.token_embedding.weight", "vision_model.embeddings.class_embedding")]
    [InlineData(CheckpointKind.StepAwarePreferenceModel, "model.vision_model.embeddings.class_embedding", "model.vision_model.encoder.layers.0.adaLN_modulation.1.weight")]
    [InlineData(CheckpointKind.OpenClip, "visual.conv1.weight")]
    [InlineData(CheckpointKind.ImageReward, "blip.visual_encoder.cls_token")]
    [InlineData(CheckpointKind.AestheticHead, "layers.0.weight", "layers.7.weight")]
    [InlineData(CheckpointKind.SingleFile, "model.diffusion_model.out.2.bias")]
    [InlineData(CheckpointKind.Lora, "lora_unet_mid_block_attentions_0_proj_in.lora_down.weight", "lora_unet_mid_block_attentions_0_proj_in.lora_up.weight")]
    [InlineData(CheckpointKind.Unknown, "something")]
    public void Inspect_OfAFile_FindsItsKind(CheckpointKind kind, params string[] keys)
    {
        using var scope = NewDisposeScope();
        var report = CheckpointInspector.Inspect(folder.WriteTensors("x.safetensors", [.. keys.Select(k => (k, ones(2, 3)))]));
        Assert.Equal(kind, report.Kind);
        Assert.Equal(6 * keys.Length, report.Parameters);
        Assert.Equal(ScalarType.Float32, Assert.Single(report.ParametersByType).Key);
    }

    [Theory]
    [InlineData(768, "SD 1.x")]
    [InlineData(1024, "SD 2.x")]
    [InlineData(2048, "SDXL")]
    [InlineData(7, null)]
    public void Inspect_OfALora_SaysFormatRankAlphaAndFamily(int width, string? family)
    {
        using var scope = NewDisposeScope();
        const string Layer = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k";
        var report = CheckpointInspector.Inspect(folder.WriteTensors("x.safetensors",
            ($"{Layer}.lora_down.weight", ones(4, width)), ($"{Layer}.lora_up.weight", ones(5, 4)), ($"{Layer}.alpha", tensor(2f))));
        Assert.Equal(family, report.Family);
        Assert.Equal(["format: Kohya", "layers: 1", "rank: 4", "alpha: 2"], report.Details.Select(d => $"{d.Key}: {d.Value}"));
    }

    [Fact]
    public void Inspect_OfADamagedLora_SaysWhyItCannotBeLoaded()
    {
        using var scope = NewDisposeScope();
        var report = CheckpointInspector.Inspect(folder.WriteTensors("x.safetensors", ("unet.a.lora.down.weight", ones(4, 2))));
        Assert.Contains("expected down and up", report.Details.Single(d => d.Key == "cannot be loaded").Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_WhenAsked_NamesWeightsThatAreNotFinite()
    {
        using var scope = NewDisposeScope();
        var path = folder.WriteTensors("x.safetensors", ("good", ones(2)), ("bad", full(2, double.NaN)), ("worse", full(2, double.PositiveInfinity)), ("whole", ones(2, ScalarType.Int64)));
        Assert.Equal(["bad", "worse"], CheckpointInspector.Inspect(path, checkFinite: true).NotFinite);
        Assert.Null(CheckpointInspector.Inspect(path).NotFinite);
    }

    [Fact]
    public void Inspect_OfADiffusersFolder_ReportsEveryComponent()
    {
        using var scope = NewDisposeScope();
        folder.Write("model_index.json", """{ "_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"] }""");
        folder.WriteTensors("unet/diffusion_pytorch_model.safetensors",
            ("conv_in.weight", ones(1)), ("time_embedding.linear_1.weight", ones(1)), ("mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight", ones(1, 768)));
        folder.WriteTensors("vae/diffusion_pytorch_model.fp16.safetensors", ("encoder.conv_in.weight", ones(3, ScalarType.Float16)), ("decoder.conv_in.weight", ones(1, ScalarType.Float16)));
        var report = CheckpointInspector.Inspect(folder.Root);
        Assert.Equal((CheckpointKind.DiffusersFolder, "SD 1.x"), (report.Kind, report.Family));
        Assert.Equal(["unet", "vae"], report.Components.Keys.Order());
        Assert.Equal(774, report.Parameters);
        Assert.Equal([ScalarType.Float32, ScalarType.Float16], report.ParametersByType.Select(p => p.Key));
    }

    [Fact]
    public void Inspect_OfNothing_SaysSo() => Assert.Throws<CheckpointException>(() => CheckpointInspector.Inspect(folder.Path("none.safetensors")));
}
