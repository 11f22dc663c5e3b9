using System.Text.Json;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Models.UNet;

namespace SpoActors.Trainer.Tests.Models.UNet;

public sealed class UNetConfigTests
{
    static UNetConfig Parse(string json) => UNetConfig.Parse(JsonDocument.Parse(json).RootElement, "unet/config.json");

    [Fact]
    public void UNetConfig_WhenKeysAreAbsent_HasTheClassDefaults()
    {
        var config = Parse("{}");
        Assert.Equal([320, 640, 1280, 1280], config.BlockOutChannels);
        Assert.Equal([true, true, true, false], config.DownAttention);
        Assert.Equal([true, true, true, false], config.UpAttention);
        Assert.Equal([8, 8, 8, 8], config.AttentionHeads);
        Assert.Equal(1280, config.CrossAttentionDim);
    }

    [Fact]
    public void UNetConfig_WhenSettingsAreNotSupported_ListsThemAll()
    {
        var error = Assert.Throws<CheckpointException>(() => Parse("""
            { "class_embed_type": "timestep", "act_fn": "gelu", "only_cross_attention": true, "norm_num_groups": 7,
              "down_block_types": ["AttnDownBlock2D"], "dropout": 0.1, "addition_embed_type": "text_time", "in_channels": "four" }
            """));
        foreach (var expected in (string[])["unet/config.json", "class_embed_type is \"timestep\"", "act_fn is \"gelu\"", "only_cross_attention is true",
            "expected a multiple of norm_num_groups, 7", "down_block_types has \"AttnDownBlock2D\"", "dropout is 0.1",
            "needs addition_time_embed_dim", "in_channels is \"four\"; expected a whole number"])
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UNetConfig_WhenValuesAreNullOrDefault_Accepts()
    {
        var config = Parse("""{ "class_embed_type": null, "dropout": 0.0, "mid_block_scale_factor": 1.0, "upcast_attention": null, "num_attention_heads": null }""");
        Assert.False(config.UpcastAttention);
    }

    [Fact]
    public void UNetConfig_WithoutAMidBlock_IsRefused() =>
        Assert.Contains("mid_block_type is null", Assert.Throws<CheckpointException>(() => Parse("""{ "mid_block_type": null }""")).Message, StringComparison.Ordinal);

    [Fact]
    public void UNetConfig_WhenTheFileIsNoJson_SaysSo() =>
        Assert.Throws<CheckpointException>(() => UNetConfig.Load(Path.Combine(AppContext.BaseDirectory, "no-such-config.json")));
}
