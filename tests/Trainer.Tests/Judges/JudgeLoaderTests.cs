using System.Text.Json;
using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Native;
using SpoActors.Trainer.Tests.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Judges;

public sealed class JudgeLoaderTests
{
    const string Config = """
        { "projection_dim": 8,
          "text_config": { "vocab_size": 58, "eos_token_id": 57, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 8 },
          "vision_config": { "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 16, "patch_size": 8 } }
        """;

    static JudgeLoaderTests() => NativeLibtorch.EnsureLoaded();

    static string Folder(string prefix, bool withPositionIds = false)
    {
        var folder = TokenizerFiles.Folder("""{ "model_max_length": 8 }""");
        File.WriteAllText(Path.Combine(folder, "config.json"), Config);
        using var scope = NewDisposeScope();
        using var json = JsonDocument.Parse(Config);
        manual_seed(1);
        var network = new TimeConditionedClipModel(ClipConfig.Parse(json.RootElement));
        var tensors = network.state_dict().ToDictionary(p => prefix + p.Key, p => p.Value);
        if (withPositionIds) tensors.Add(prefix + "text_model.embeddings.position_ids", arange(8, ScalarType.Float32).unsqueeze(0));
        using var file = File.Create(Path.Combine(folder, "model.safetensors"));
        SafetensorsWriter.Write(file, tensors);
        return folder;
    }

    static float Score(IJudge judge)
    {
        using var scope = NewDisposeScope();
        using var prompts = judge.Prepare(["cat"]);
        return judge.Score(full([1, 3, 16, 16], 0.5), prompts, tensor(new long[] { 7 })).item<float>();
    }

    [Fact]
    public void Load_WhenKeysHaveThePublishedPrefix_LoadsTheSameModel()
    {
        using var bare = JudgeLoader.Load(new JudgeSpecification { Path = Folder("") }, CPU);
        using var wrapped = JudgeLoader.Load(new JudgeSpecification { Path = Folder("model.", withPositionIds: true) }, CPU);

        Assert.True(wrapped.KnowsTimestep);
        Assert.Equal(Score(bare), Score(wrapped));
    }

    [Fact]
    public void Load_WhenAPlainModelIsExpected_RefusesTheStepAwareOneByName()
    {
        var error = Assert.Throws<CheckpointException>(() =>
            JudgeLoader.Load(new JudgeSpecification { Path = Folder(""), Kind = JudgeKind.Clip }, CPU));

        Assert.Contains("is a step-aware preference model (it has adaLN weights); expected a plain CLIP", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_WhenAStepAwareModelIsExpected_RefusesThePlainOneByName()
    {
        var error = Assert.Throws<CheckpointException>(() =>
            JudgeLoader.Load(new JudgeSpecification { Path = TinyJudge.PickScore() }, CPU));

        Assert.Contains("is a plain CLIP preference model such as PickScore", error.Message, StringComparison.Ordinal);
        Assert.Contains("judge.kind: clip", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_WhenTheFolderIsMissing_NamesIt()
    {
        var error = Assert.Throws<CheckpointException>(() => JudgeLoader.Load(new JudgeSpecification { Path = "/nowhere" }, CPU));

        Assert.Equal("The judge '/nowhere' does not exist; expected a folder or a checkpoint file.", error.Message);
    }

    [Fact]
    public void Load_WhenTheProcessorMakesOtherSizes_SaysBoth()
    {
        var folder = Folder("");
        File.WriteAllText(Path.Combine(folder, "preprocessor_config.json"), """{ "crop_size": 32, "size": 32 }""");

        var error = Assert.Throws<CheckpointException>(() => JudgeLoader.Load(new JudgeSpecification { Path = folder }, CPU));

        Assert.EndsWith("makes pictures of 32 pixels; the model's config.json expects 16.", error.Message, StringComparison.Ordinal);
    }
}
