using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Models.Vae;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Tokenization;

namespace SpoActors.Trainer.Tests.Pipelines;

public sealed class ComponentFitTests
{
    static readonly ClipTextConfig Small = new() { HiddenSize = 768 }, Large = new() { HiddenSize = 1280, ProjectionDim = 1280 };
    static readonly UNetConfig Sd = new() { CrossAttentionDim = 768 };
    static readonly UNetConfig Xl = new() { CrossAttentionDim = 2048, AddedConditioning = new UNetConfig.TextTimeEmbedding(256, 2816) };

    static string Refused(Func<ComponentFit, ComponentFit> check) => Assert.Throws<CheckpointException>(() => check(new ComponentFit("m")).ThrowIfNot()).Message;

    [Fact]
    public void ThrowIfNot_OfPublishedModels_DoesNotThrow()
    {
        var tokenizer = new ClipTokenizer(BytePairVocabulary.Standard, new ClipTokenizerOptions());
        new ComponentFit("m").Latents(Sd, new VaeConfig()).Texts(Sd, Small).Tokens("text_encoder", Small, "tokenizer", tokenizer).ThrowIfNot();
        new ComponentFit("m").Latents(Xl, new VaeConfig()).Texts(Xl, Small, Large).ThrowIfNot();
    }

    [Theory]
    [InlineData(9, "an inpainting model (its unet takes 9 channels)")]
    [InlineData(8, "a model that edits pictures by instruction")]
    [InlineData(7, "a model that enlarges pictures")]
    [InlineData(5, "a model that is guided by depth")]
    [InlineData(3, "unet and vae do not fit: the unet takes 3 channels, the vae's latents have 4")]
    public void Latents_OfAnotherTask_NamesIt(int channels, string expected) =>
        Assert.Contains(expected, Refused(f => f.Latents(Sd with { InChannels = channels }, new VaeConfig())), StringComparison.Ordinal);

    [Fact]
    public void Latents_WhenTheUNetGivesOtherChannels_SaysSo() =>
        Assert.Contains("takes 4 channels and gives 8", Refused(f => f.Latents(Sd with { OutChannels = 8 }, new VaeConfig())), StringComparison.Ordinal);

    [Fact]
    public void Texts_WhenWidthsDiffer_NamesThePair()
    {
        Assert.Contains("unet and text_encoder do not fit: the unet attends to states of 1024", Refused(f => f.Texts(Sd with { CrossAttentionDim = 1024 }, Small)), StringComparison.Ordinal);
        Assert.Contains("unet and text_encoder with text_encoder_2 do not fit", Refused(f => f.Texts(Xl, Small, Small)), StringComparison.Ordinal);
        Assert.Contains("unet and text_encoder_2 do not fit: the unet expects 2816", Refused(f => f.Texts(Xl, Small, Large with { ProjectionDim = 512 })), StringComparison.Ordinal);
        Assert.Contains("its unet is of SDXL", Refused(f => f.Texts(Xl with { CrossAttentionDim = 768 }, Small)), StringComparison.Ordinal);
        Assert.Contains("the pipeline is of SDXL, its unet is not", Refused(f => f.Texts(Sd with { CrossAttentionDim = 2048 }, Small, Large)), StringComparison.Ordinal);
    }

    [Fact]
    public void Tokens_OutsideTheTable_NamesThePair()
    {
        var tokenizer = new ClipTokenizer(BytePairVocabulary.Standard, new ClipTokenizerOptions());
        var error = Refused(f => f.Tokens("text_encoder", Small with { VocabSize = 1000, MaxPositionEmbeddings = 64 }, "tokenizer", tokenizer));
        Assert.Contains("tokenizer and text_encoder do not fit: the tokenizer has ids up to 49407, the encoder embeddings for 1000", error, StringComparison.Ordinal);
        Assert.Contains("the tokenizer makes 77 ids of a prompt, the encoder has positions for 64", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text_model.encoder.layers.11.mlp.fc1.weight", true)]
    [InlineData("text_model.encoder.layers.10.mlp.fc1.weight", false)]
    [InlineData("text_model.encoder.layers.x.mlp.fc1.weight", false)]
    [InlineData("text_model.encoder.layers.", false)]
    [InlineData("other", false)]
    public void TextEncoderLayers_BehindTheLast_AreLeftOut(string key, bool expected) => Assert.Equal(expected, TextEncoderLayers.Beyond(Small with { NumHiddenLayers = 11 })(key));
}
