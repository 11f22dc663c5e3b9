using System.Text.Json.Nodes;
using SpoActors.Specification;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Tests.Method;
using TorchSharp;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Pipelines;

/// <summary>Over the tiny models of the golden recordings.</summary>
public sealed class TextToImagePipelineTests
{
    static readonly string[] Prompts = ["a red cat", "a blue dog on a mat"];

    static CancellationToken Token => TestContext.Current.CancellationToken;

    static DiffusionModel Sd() => DiffusionModel.Load(TinyRun.Sd15().Model);

    static DiffusionModel Xl() => DiffusionModel.Load(TinyRun.Sdxl().Model);

    [Fact]
    public void Prompt_EncodedAloneOrWithOthers_HasTheSameConditioning()
    {
        using var scope = NewDisposeScope();
        using var model = Xl();
        var together = model.Prompts.Encode(Prompts);
        var alone = model.Prompts.Encode(Prompts[1]);
        Assert.True(together.EncoderHiddenStates[1..].allclose(alone.EncoderHiddenStates, atol: 1e-5));
        Assert.True(together.TextEmbeds![1..].allclose(alone.TextEmbeds!, atol: 1e-5));
    }

    [Fact]
    public void Unconditional_OfSd_IsTheEncodedEmptyPromptAndOfSdxlZeros()
    {
        using var scope = NewDisposeScope();
        using var sd = Sd();
        Assert.True(sd.Prompts.EncodeUnconditional().EncoderHiddenStates.eq(sd.Prompts.Encode("").EncoderHiddenStates).all().item<bool>());
        using var xl = Xl();
        var zeros = xl.Prompts.EncodeUnconditional();
        Assert.Equal(xl.Prompts.Encode("").EncoderHiddenStates.shape, zeros.EncoderHiddenStates.shape);
        Assert.Equal(0, zeros.EncoderHiddenStates.abs().max().item<float>());
        Assert.Equal(0, zeros.TextEmbeds!.abs().max().item<float>());
    }

    [Theory]
    [InlineData("sd15", null, ScalarType.Float16)]
    [InlineData("sd15", true, ScalarType.Float16)]
    [InlineData("sdxl", null, ScalarType.Float32)]
    [InlineData("sdxl", true, ScalarType.Float32)]
    [InlineData("sdxl", false, ScalarType.Float16)]
    public void Decoder_OfAFloat16Pipeline_IsUpcastWhereDiffusersDoes(string kind, bool? forceUpcast, ScalarType expected)
    {
        using var folder = new TemporaryFolder();
        var run = kind == "sd15" ? TinyRun.Sd15() : TinyRun.Sdxl();
        CopyFolder(run.Model.Path, folder.Path("model"));
        var config = JsonNode.Parse(File.ReadAllText(folder.Path("model/vae/config.json")))!.AsObject();
        config.Remove("force_upcast");
        if (forceUpcast is { } value) config["force_upcast"] = value;
        File.WriteAllText(folder.Path("model/vae/config.json"), config.ToJsonString());
        using var decoder = LatentDecoderLoading.Load(run.Model with { Path = folder.Path("model"), Dtype = NumberType.Float16 });
        Assert.Equal(expected, decoder.Dtype);

        static void CopyFolder(string from, string to)
        {
            foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
            {
                var target = System.IO.Path.Combine(to, System.IO.Path.GetRelativePath(from, file));
                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                File.Copy(file, target);
            }
        }
    }

    [Fact]
    public void TimeIds_OfAnotherImageSize_NameThatSize()
    {
        using var scope = NewDisposeScope();
        using var model = Xl();
        var conditioning = model.PromptsFor(new SamplingSpecification { Height = 64, Width = 32 }).Encode("a cat");
        Assert.Equal([64, 32, 0, 0, 64, 32], conditioning.TimeIds!.data<long>().ToArray());
    }

    [Theory]
    [InlineData(SchedulerKind.Ddim)]
    [InlineData(SchedulerKind.Euler)]
    [InlineData(SchedulerKind.DpmSolver)]
    public void Generate_OfAnySampler_GivesImagesOfTheSizeAskedForAndTheSameEveryTime(SchedulerKind sampler)
    {
        using var scope = NewDisposeScope();
        using var model = Xl();
        var request = new TextToImageRequest { Prompts = Prompts, Steps = 3, Scheduler = sampler, Height = 32, Width = 64 };
        var noise = Noise(model, 2, 32, 64);
        var pipeline = new TextToImagePipeline(model);
        var images = pipeline.Generate(request, noise, cancellation: Token);
        Assert.Equal(ScalarType.Byte, images.dtype);
        Assert.Equal([2, 3, 32, 64], images.shape);
        Assert.True(images.eq(pipeline.Generate(request, noise, cancellation: Token)).all().item<bool>());
    }

    [Fact]
    public void Generate_WithoutGuidance_DoesNotDependOnTheNegativePrompt()
    {
        using var scope = NewDisposeScope();
        using var model = Sd();
        var request = new TextToImageRequest { Prompts = ["a cat"], Steps = 2, GuidanceScale = 1 };
        var noise = Noise(model, 1, null, null);
        var pipeline = new TextToImagePipeline(model);
        Assert.True(pipeline.Denoise(request, noise, cancellation: Token).eq(pipeline.Denoise(request with { NegativePrompt = "blurry" }, noise, cancellation: Token)).all().item<bool>());
    }

    [Fact]
    public void Denoise_ManyTimes_LeavesNothingButItsResults()
    {
        using var scope = NewDisposeScope();
        using var model = Sd();
        var request = new TextToImageRequest { Prompts = ["a cat"], Steps = 2, Scheduler = SchedulerKind.DpmSolver };
        var noise = Noise(model, 1, null, null);
        var pipeline = new TextToImagePipeline(model);
        pipeline.Denoise(request, noise, cancellation: Token).Dispose();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 3; i++) pipeline.Denoise(request, noise, cancellation: Token).Dispose();
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Fact]
    public void Denoise_WhenCancelled_Stops()
    {
        using var scope = NewDisposeScope();
        using var model = Sd();
        using var cancellation = new CancellationTokenSource();
        var steps = 0;
        Assert.Throws<OperationCanceledException>(() => new TextToImagePipeline(model).Denoise(
            new TextToImageRequest { Prompts = ["a cat"], Steps = 10 }, Noise(model, 1, null, null),
            onStep: (_, _) => { if (++steps == 2) cancellation.Cancel(); }, cancellation: cancellation.Token));
        Assert.Equal(2, steps);
    }

    [Fact]
    public void Requests_ThatContradictThemselves_SayWhatWasExpected()
    {
        using var scope = NewDisposeScope();
        using var model = Sd();
        var pipeline = new TextToImagePipeline(model);
        var request = new TextToImageRequest { Prompts = ["a cat"], Steps = 2 };
        var noise = Noise(model, 1, null, null);
        Assert.Contains("multiples of 8", Assert.Throws<ArgumentException>(() => pipeline.Denoise(request with { Height = 33 }, noise, cancellation: Token)).Message, StringComparison.Ordinal);
        Assert.Contains("expected [2, 4,", Assert.Throws<ArgumentException>(() => pipeline.Denoise(request with { Prompts = Prompts }, noise, cancellation: Token)).Message, StringComparison.Ordinal);
        Assert.Contains("needs noise", Assert.Throws<ArgumentNullException>(() => pipeline.Denoise(request with { Eta = 1 }, noise, cancellation: Token)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Model_InBFloat16_ComputesNearlyTheSame()
    {
        using var scope = NewDisposeScope();
        using var full = Sd();
        using var half = DiffusionModel.Load(TinyRun.Sd15().Model with { Dtype = NumberType.BFloat16 });
        var request = new TextToImageRequest { Prompts = ["a cat"], Steps = 2 };
        var noise = Noise(full, 1, null, null);
        Tensor a = new TextToImagePipeline(full).Denoise(request, noise, cancellation: Token), b = new TextToImagePipeline(half).Denoise(request, noise, cancellation: Token);
        Assert.Equal(ScalarType.Float32, b.dtype);
        Assert.True(((a - b).norm() / a.norm()).item<float>() < 0.05f);
        Assert.Equal(ScalarType.BFloat16, half.Decoder.Decode(b).dtype);
    }

    static Tensor Noise(DiffusionModel model, int images, int? height, int? width)
    {
        var size = model.LatentSize(height, width);
        return randn([images, size.Channels, size.Height, size.Width], generator: new Generator(5, CPU));
    }
}
