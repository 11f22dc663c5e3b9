using System.Text.Json;
using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints.SingleFile;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Models.Vae;
using SpoActors.Trainer.Native;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Tokenization;
using TorchSharp;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Checkpoints.SingleFile;

/// <summary>The same small model as a diffusers folder and as a single file draws the same image.</summary>
public sealed class SingleFilePipelineTests : IDisposable
{
    static readonly UNetConfig UNet = new()
    {
        BlockOutChannels = [32, 64],
        LayersPerBlock = [1, 1],
        DownAttention = [true, false],
        UpAttention = [false, true],
        AttentionHeads = [8, 8],
        TransformerLayersPerBlock = [1, 1],
        CrossAttentionDim = 64,
    };

    static readonly VaeConfig Vae = new() { BlockOutChannels = [32, 32], LayersPerBlock = 1 };

    static readonly ClipTextConfig Text = new() { HiddenSize = 64, IntermediateSize = 128, NumHiddenLayers = 1, NumAttentionHeads = 1 };

    static readonly OriginalLayout Layout = new(1, [false, true], 2);

    static readonly TextToImageRequest Request = new() { Prompts = ["a photo of a cat"], Steps = 2, Height = 16, Width = 16 };

    readonly TemporaryFolder folder = new();

    public SingleFilePipelineTests() => NativeLibtorch.EnsureLoaded();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Generate_FromASingleFile_IsTheFoldersImage()
    {
        var file = WriteSingleFile(out _);
        WriteFolder(SingleFileModel.Open(file));
        Assert.Equal(Draw(new ModelSpecification { Path = folder.Path("folder"), Threads = 1 }), Draw(new ModelSpecification { Path = file, Threads = 1 }));
    }

    [Fact]
    public void Generate_WithAVaeOfItsOwn_TakesItInsteadOfTheModels()
    {
        var file = WriteSingleFile(out var vae);
        var own = Draw(new ModelSpecification { Path = file, Threads = 1 });
        Assert.Equal(own, Draw(new ModelSpecification { Path = file, Threads = 1, Vae = vae }));
        using var scope = NewDisposeScope();
        using var source = VaeSource.Weights(vae);
        var zeros = folder.WriteTensors("other.safetensors", [.. source.Tensors.Keys.Select(k => (k, source.Load(k) * 0.5f))]);
        Assert.NotEqual(own, Draw(new ModelSpecification { Path = file, Threads = 1, Vae = zeros }));
    }

    static string Draw(ModelSpecification specification)
    {
        using var scope = NewDisposeScope();
        using var model = DiffusionModel.Load(specification);
        using var generator = new Generator(7);
        var size = model.LatentSize(Request.Height, Request.Width);
        var image = new TextToImagePipeline(model).Generate(Request, randn(1, size.Channels, size.Height, size.Width, generator: generator));
        return Convert.ToHexString(image.bytes);
    }

    string WriteSingleFile(out string vae)
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(3);
        var unet = Random(new UNet2DCondition(UNet, META), Layout.UNet);
        var coder = Random(new AutoencoderKl(Vae, META), Layout.Vae).ToDictionary(t => t.Key, t => OriginalLayout.IsOriginalProjection(t.Key) ? t.Value.unsqueeze(-1).unsqueeze(-1) : t.Value);
        var text = Random(new ClipTextModel(Text, META), k => "cond_stage_model.transformer." + k);
        vae = folder.WriteTensors("vae.safetensors", [.. coder.Select(t => (t.Key["first_stage_model.".Length..], t.Value))]);
        return folder.WriteTensors("model.safetensors", [.. unet.Concat(coder).Concat(text).Select(t => (t.Key, t.Value))]);

        Dictionary<string, Tensor> Random(nn.Module model, Func<string, string> rename) => model.named_parameters()
            .ToDictionary(p => rename(p.name), p => randn(p.parameter.shape, generator: generator) * 0.1f, StringComparer.Ordinal);
    }

    void WriteFolder(SingleFileModel model)
    {
        folder.Write("folder/model_index.json", """{ "_class_name": "StableDiffusionPipeline" }""");
        folder.Write("folder/scheduler/scheduler_config.json", model.ReadConfig("scheduler").GetRawText());
        folder.Write("folder/tokenizer/vocab.json", JsonSerializer.Serialize(BytePairVocabulary.Standard.Ids));
        folder.Write("folder/tokenizer/merges.txt", "#version: 0.2\n" + string.Join('\n', BytePairVocabulary.Standard.Merges.Select(m => $"{m.Left} {m.Right}")));
        foreach (var component in model.NeededComponents)
        {
            using var scope = NewDisposeScope();
            using var weights = model.Weights(component);
            folder.Write($"folder/{component}/config.json", model.ReadConfig(component).GetRawText());
            folder.WriteTensors($"folder/{component}/model.safetensors", [.. weights.Tensors.Keys.Select(k => (k, weights.Load(k)))]);
        }
    }
}
