using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Native;
using SpoActors.Trainer.Tests.Tokenization;
using SpoActors.Trainer.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Judges;

public sealed class PreferenceModelTests
{
    static readonly ClipConfig Small = new(
        new ClipTextConfig { HiddenSize = 16, IntermediateSize = 32, NumHiddenLayers = 1, NumAttentionHeads = 4 },
        new ClipVisionConfig { HiddenSize = 16, IntermediateSize = 32, NumHiddenLayers = 2, NumAttentionHeads = 4, ImageSize = 16, PatchSize = 8 })
    { ProjectionDim = 12 };

    static readonly PreferencePreprocessing Preprocessing = new(16, PixelNormalisation.Clip);

    static PreferenceModelTests() => NativeLibtorch.EnsureLoaded();

    static ClipTokenizer Tokenizer => new(TokenizerFiles.Vocabulary, new ClipTokenizerOptions { Kind = ClipTokenizerKind.Fast });

    static StepAwarePreferenceModel StepAware(ScalarType dtype = ScalarType.Float32)
    {
        manual_seed(3);
        return new StepAwarePreferenceModel(new TimeConditionedClipModel(Small, dtype: dtype), Preprocessing, Tokenizer);
    }

    [Fact]
    public void Score_WhenTimestepsDiffer_Differs()
    {
        using var scope = NewDisposeScope();
        using var model = StepAware();
        var text_BD = model.EncodeText(model.Tokenizer.EncodeBatch(["a cat", "a dog"]));
        var images_BCHW = randn(1, 3, 20, 20).expand(2, -1, -1, -1);

        var scores = model.Score(images_BCHW, text_BD[0].expand(2, -1), tensor(new long[] { 1, 900 }));

        Assert.Equal([2], scores.shape);
        Assert.NotEqual(scores[0].item<float>(), scores[1].item<float>());
    }

    [Fact]
    public void Score_WhenTheConditioningIsFresh_EqualsThePlainModel()
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        using var plain = new PlainPreferenceModel(new ClipModel(Small), Preprocessing, Tokenizer);
        using var stepAware = StepAware();
        stepAware.Network.load_state_dict(plain.Network.state_dict(), strict: false);
        stepAware.Network.ResetTimeConditioning();
        var text_BD = plain.EncodeText(plain.Tokenizer.EncodeBatch(["a cat", "a dog"]));
        var (images_BCHW, timesteps_B) = (randn(2, 3, 24, 16), tensor(new long[] { 10, 500 }));

        Assert.Equal(plain.Score(images_BCHW, text_BD, timesteps_B).data<float>().ToArray(), stepAware.Score(images_BCHW, text_BD, timesteps_B).data<float>().ToArray());
    }

    [Fact]
    public void Score_WhenBfloat16_IsCloseToFloat32()
    {
        using var scope = NewDisposeScope();
        using var model = StepAware();
        var ids_BL = model.Tokenizer.EncodeBatch(["a cat"]);
        var (images_BCHW, timesteps_B) = (randn(1, 3, 16, 16), tensor(new long[] { 981 }));
        var expected = model.Score(images_BCHW, model.EncodeText(ids_BL), timesteps_B).item<float>();

        model.Network.to(ScalarType.BFloat16);
        var actual = model.Score(images_BCHW.to_type(ScalarType.BFloat16), model.EncodeText(ids_BL), timesteps_B);

        Assert.Equal(ScalarType.BFloat16, actual.dtype);
        Assert.Equal(expected, actual.to_type(ScalarType.Float32).item<float>(), 0.5f);
    }

    [Fact]
    public void TimeConditionedClipModel_WhenTrained_GivesEveryParameterAGradient()
    {
        using var scope = NewDisposeScope();
        var network = StepAware().Network;
        var image_BP = network.ImageFeatures(randn(2, 3, 16, 16), tensor(new long[] { 1, 2 }));
        network.LogitsPerImage(image_BP, network.TextFeatures(randint(0, 100, [2, 8], ScalarType.Int64))).diagonal().sum().backward();

        Assert.All(network.named_parameters(), p => Assert.True(p.parameter.grad is not null, p.name));
    }

    [Fact]
    public void Score_WhenRepeated_LeavesNoTensorBehind()
    {
        using var scope = NewDisposeScope();
        using var model = StepAware();
        var text_BD = model.EncodeText(model.Tokenizer.EncodeBatch(["a cat"]));
        var (images_BCHW, timesteps_B) = (randn(1, 3, 20, 16), tensor(new long[] { 5 }));
        model.Score(images_BCHW, text_BD, timesteps_B).Dispose();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        for (var i = 0; i < 3; i++) model.Score(images_BCHW, text_BD, timesteps_B).Dispose();

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
