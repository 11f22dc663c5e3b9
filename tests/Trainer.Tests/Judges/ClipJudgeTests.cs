using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Native;
using SpoActors.Trainer.Tests.Tokenization;
using SpoActors.Trainer.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Judges;

public sealed class ClipJudgeTests
{
    static readonly ClipConfig Small = new(
        new ClipTextConfig { HiddenSize = 16, IntermediateSize = 32, NumHiddenLayers = 1, NumAttentionHeads = 4 },
        new ClipVisionConfig { HiddenSize = 16, IntermediateSize = 32, NumHiddenLayers = 2, NumAttentionHeads = 4, ImageSize = 16, PatchSize = 8 })
    { ProjectionDim = 12 };

    static readonly JudgePreprocessing Preprocessing = new(16, PixelNormalisation.Clip);

    static ClipJudgeTests() => NativeLibtorch.EnsureLoaded();

    static ClipTokenizer Tokenizer => new(TokenizerFiles.Vocabulary, new ClipTokenizerOptions { Kind = ClipTokenizerKind.Fast });

    static StepAwarePreferenceModel StepAware(ScalarType dtype = ScalarType.Float32)
    {
        manual_seed(3);
        return new StepAwarePreferenceModel("spm", new TimeConditionedClipModel(Small, dtype: dtype), Preprocessing, Tokenizer);
    }

    [Fact]
    public void Score_WhenTimestepsDiffer_Differs()
    {
        using var scope = NewDisposeScope();
        using var model = StepAware();
        using var prompts = model.Prepare(["a dog", "a cat"]);
        using var rows = prompts.Rows([1, 1]);
        var images_BCHW = randn(1, 3, 20, 20).expand(2, -1, -1, -1);

        var scores = model.Score(images_BCHW, rows, tensor(new long[] { 1, 900 }));

        Assert.Equal([2], scores.shape);
        Assert.NotEqual(scores[0].item<float>(), scores[1].item<float>());
    }

    [Fact]
    public void Score_WhenTheConditioningIsFresh_EqualsThePlainModel()
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        using var plain = new PlainClipJudge("clip", new ClipModel(Small), Preprocessing, Tokenizer);
        using var stepAware = StepAware();
        stepAware.Network.load_state_dict(plain.Network.state_dict(), strict: false);
        stepAware.Network.ResetTimeConditioning();
        using var prompts = plain.Prepare(["a cat", "a dog"]);
        var (images_BCHW, timesteps_B) = (randn(2, 3, 24, 16), tensor(new long[] { 10, 500 }));

        Assert.Equal(plain.Score(images_BCHW, prompts, timesteps_B).data<float>().ToArray(), stepAware.Score(images_BCHW, prompts, timesteps_B).data<float>().ToArray());
    }

    [Fact]
    public void Score_WhenTheTowersAreBfloat16_IsFloat32FromTheProjectionsOn()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        using var model = StepAware(ScalarType.BFloat16);
        model.Network.LogitScale.fill_(Math.Log(100));
        var (images_BCHW, timesteps_B) = (randn(8, 3, 16, 16), full([8], 981, ScalarType.Int64));
        using var prompts = model.Prepare(["a cat"]);
        using var rows = prompts.Rows(new int[8]);

        var scores_B = model.Score(images_BCHW, rows, timesteps_B);

        Assert.Equal(ScalarType.Float32, scores_B.dtype);
        // The features' own rounding is the towers' affair; what follows them loses nothing.
        var pixels_BCHW = Preprocessing.ForScoring(images_BCHW).to_type(ScalarType.BFloat16);
        var image_BD = model.Network.ImageFeatures(pixels_BCHW, timesteps_B).to_type(ScalarType.Float64);
        var text_1D = model.Network.TextFeatures(model.Tokenizer.EncodeBatch(["a cat"])).to_type(ScalarType.Float64);
        var expected_B = model.Network.LogitScale.to_type(ScalarType.Float64).exp() * nn.functional.cosine_similarity(image_BD, text_1D, 1, 0);
        Assert.True((scores_B - expected_B).abs().max().item<double>() < 1e-4);
        // In bfloat16 scores above 16 would be multiples of 0.125, and smaller ones no finer in proportion.
        Assert.Contains(scores_B.data<float>().ToArray(), score => score != (float)tensor(score).to_type(ScalarType.BFloat16).to_type(ScalarType.Float32).item<float>());
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
        using var prompts = model.Prepare(["a cat"]);
        var (images_BCHW, timesteps_B) = (randn(1, 3, 20, 16), tensor(new long[] { 5 }));
        model.Score(images_BCHW, prompts, timesteps_B).Dispose();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        for (var i = 0; i < 3; i++) model.Score(images_BCHW, prompts, timesteps_B).Dispose();

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
