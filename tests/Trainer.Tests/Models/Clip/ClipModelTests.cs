using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Models.Clip;

public sealed class ClipModelTests
{
    static readonly ClipConfig Small = new(
        new ClipTextConfig { VocabSize = 50, HiddenSize = 16, IntermediateSize = 32, NumHiddenLayers = 2, NumAttentionHeads = 4, MaxPositionEmbeddings = 8 },
        new ClipVisionConfig { HiddenSize = 16, IntermediateSize = 32, NumHiddenLayers = 2, NumAttentionHeads = 4, ImageSize = 16, PatchSize = 8 })
    { ProjectionDim = 12 };

    static ClipModelTests() => NativeLibtorch.EnsureLoaded();

    static ClipModel Random(ScalarType dtype = ScalarType.Float32)
    {
        manual_seed(1);
        return new ClipModel(Small, dtype: dtype);
    }

    [Fact]
    public void ClipModel_WhenBfloat16_IsCloseToFloat32()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var model = Random();
        var pixels = randn([2, 3, 16, 16], generator: new Generator(2));
        var expected = ClipFeatures.Normalize(model.ImageFeatures(pixels));

        model.to(ScalarType.BFloat16);
        var actual = ClipFeatures.Normalize(model.ImageFeatures(pixels.to_type(ScalarType.BFloat16)));

        Assert.Equal(ScalarType.BFloat16, actual.dtype);
        Assert.True((actual.to_type(ScalarType.Float32) - expected).abs().max().item<float>() < 0.03);
    }

    [Fact]
    public void ClipModel_WhenTrained_GivesEveryParameterAGradient()
    {
        using var scope = NewDisposeScope();
        var model = Random();
        var logits = model.LogitsPerImage(model.ImageFeatures(randn(2, 3, 16, 16)), model.TextFeatures(randint(0, 50, [2, 8], ScalarType.Int64)));
        logits.diagonal().sum().backward();

        Assert.All(model.named_parameters(), p => Assert.True(p.parameter.grad is not null, p.name));
    }

    [Fact]
    public void ClipModel_WhenRunWithoutGradients_LeavesNoTensorBehind()
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var model = Random();
        var pixels = randn(1, 3, 16, 16);
        var ids = randint(0, 50, [1, 8], ScalarType.Int64);
        model.LogitsPerImage(model.ImageFeatures(pixels), model.TextFeatures(ids)).Dispose();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        for (var i = 0; i < 3; i++)
        {
            using var inner = NewDisposeScope();
            model.LogitsPerImage(model.ImageFeatures(pixels), model.TextFeatures(ids));
        }

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void ClipTextModel_WhenThePromptIsTooLong_SaysTheLimit()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ArgumentException>(() => new ClipTextModel(Small.Text).forward(zeros([1, 9], ScalarType.Int64)));

        Assert.StartsWith("Token ids have the shape [1, 9]; expected [batch, length] with a length of at most 8.", error.Message, StringComparison.Ordinal);
    }
}
