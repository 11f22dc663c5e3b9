using System.Text.Json;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Models.Clip;

namespace SpoActors.Trainer.Tests.Models.Clip;

public sealed class ClipConfigTests
{
    static JsonElement Json(string text)
    {
        using var document = JsonDocument.Parse(text);
        return document.RootElement.Clone();
    }

    [Fact]
    public void ClipConfig_WhenNestedPartsOmitDefaults_FillsThemIn()
    {
        var config = ClipConfig.Parse(Json("""{ "projection_dim": 24, "text_config": { "hidden_size": 32, "num_attention_heads": 4 }, "vision_config": {} }"""));

        Assert.Equal(24, config.ProjectionDim);
        Assert.Equal(new ClipTextConfig { HiddenSize = 32, NumAttentionHeads = 4 }, config.Text);
        Assert.Equal(new ClipVisionConfig(), config.Vision);
    }

    [Fact]
    public void ClipConfig_WhenTheDeprecatedDictIsGiven_ItWins()
    {
        var config = ClipConfig.Parse(Json("""
            { "text_config": { "vocab_size": 10 }, "text_config_dict": { "vocab_size": 20 }, "vision_config": { "patch_size": 14 }, "vision_config_dict": null }
            """));

        Assert.Equal(20, config.Text.VocabSize);
        Assert.Equal(14, config.Vision.PatchSize);
    }

    [Fact]
    public void ClipTextConfig_WhenGivenADualConfig_TakesItsTextPart() =>
        Assert.Equal(7, ClipTextConfig.Parse(Json("""{ "text_config": { "vocab_size": 7 }, "vision_config": {} }""")).VocabSize);

    [Fact]
    public void ClipTextConfig_WhenSeveralValuesAreWrong_NamesAllOfThem()
    {
        var error = Assert.Throws<CheckpointException>(() =>
            ClipTextConfig.Parse(Json("""{ "vocab_size": -1, "hidden_size": 30, "num_attention_heads": 4, "layer_norm_eps": 0 }"""), "x/config.json"));

        Assert.Equal("""
            x/config.json: this CLIP text encoder is not supported:
              - vocab_size is -1; expected 1 to 2000000
              - hidden_size 30 is not a multiple of num_attention_heads 4
              - layer_norm_eps is 0; expected more than 0
            """, error.Message);
    }

    [Fact]
    public void ClipTextConfig_WhenTheActivationIsUnknown_SaysWhichAreKnown()
    {
        var error = Assert.Throws<CheckpointException>(() => ClipTextConfig.Parse(Json("""{ "hidden_act": "relu" }"""), "config.json"));

        Assert.Contains("hidden_act is \"relu\"; supported: \"quick_gelu\" or \"gelu\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ClipConfig_WhenTheFileIsMissing_NamesIt() =>
        Assert.Contains("'/nowhere/config.json'", Assert.Throws<CheckpointException>(() => ClipConfig.Load("/nowhere/config.json")).Message, StringComparison.Ordinal);
}
