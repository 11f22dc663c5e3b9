using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Diffusers;
using SpoActors.Trainer.Native;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Checkpoints.Diffusers;

public sealed class DiffusersFolderTests : IDisposable
{
    readonly TemporaryFolder folder = new();

    public DiffusersFolderTests() => NativeLibtorch.EnsureLoaded();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Open_OfAnXlFolder_ReadsItsIndex()
    {
        folder.Write("model_index.json", """
            { "_class_name": "StableDiffusionXLPipeline", "force_zeros_for_empty_prompt": false, "unet": ["diffusers", "UNet2DConditionModel"],
              "vae": ["diffusers", "AutoencoderKL"], "feature_extractor": [null, null], "add_watermarker": null }
            """);
        var model = DiffusersFolder.Open(folder.Root);
        Assert.True(model.IsXl);
        Assert.False(model.ZerosForEmptyPrompt);
        Assert.Equal(["unet", "vae"], model.Components);
        Assert.Equal(folder.Path("scheduler/scheduler_config.json"), model.Config("scheduler"));
    }

    [Theory]
    [InlineData(null, "has no model_index.json")]
    [InlineData("""{ "_class_name": "FluxPipeline" }""", "FluxPipeline")]
    [InlineData("{}", "without _class_name")]
    [InlineData("[]", "Array")]
    [InlineData("{", "cannot be read")]
    public void Open_OfSomethingElse_SaysWhatItFound(string? index, string expected)
    {
        if (index is not null) folder.Write("model_index.json", index);
        Assert.Contains(expected, Assert.Throws<CheckpointException>(() => DiffusersFolder.Open(folder.Root)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OfTheRefiner_SaysWhatItIs()
    {
        folder.Write("model_index.json", """
            { "_class_name": "StableDiffusionXLImg2ImgPipeline", "text_encoder": [null, null], "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"], "unet": ["diffusers", "UNet2DConditionModel"] }
            """);
        Assert.Contains("is the SDXL refiner", Assert.Throws<CheckpointException>(() => DiffusersFolder.Open(folder.Root)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_OfATextEncoderWithoutItsPrefix_HaveIt()
    {
        using var scope = NewDisposeScope();
        folder.Write("model_index.json", """{ "_class_name": "StableDiffusionPipeline" }""");
        folder.WriteTensors("text_encoder/model.safetensors", ("embeddings.token_embedding.weight", ones(2)), ("encoder.layers.0.mlp.fc1.weight", ones(2)), ("text_projection.weight", ones(2)));
        using var weights = DiffusersFolder.Open(folder.Root).Weights("text_encoder");
        Assert.Equal(["text_model.embeddings.token_embedding.weight", "text_model.encoder.layers.0.mlp.fc1.weight", "text_projection.weight"], weights.Tensors.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Weights_OfShardsWithoutTheirIndex_SaySo()
    {
        using var scope = NewDisposeScope();
        folder.WriteTensors("unet/diffusion_pytorch_model-00001-of-00002.safetensors", ("a", ones(2)));
        Assert.Contains("holds shards such as 'diffusion_pytorch_model-00001-of-00002.safetensors', but not the index",
            Assert.Throws<CheckpointException>(() => ComponentWeights.Open(folder.Path("unet"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_OfAStaleIndex_NameItsFiles()
    {
        using var scope = NewDisposeScope();
        folder.WriteTensors("s1.safetensors", ("a", ones(2)));
        folder.Write("model.safetensors.index.json", """{ "weight_map": { "a": "s1.safetensors", "b": "s1.safetensors" } }""");
        Assert.Contains("of another download than its files", Assert.Throws<CheckpointException>(() => ComponentWeights.Open(folder.Root)).Message, StringComparison.Ordinal);
        folder.Write("model.safetensors.index.json", """{ "weight_map": { "a": "s1.safetensors", "b": "s2.safetensors" } }""");
        Assert.Contains("names files that are missing: s2.safetensors", Assert.Throws<CheckpointException>(() => ComponentWeights.Open(folder.Root)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tokenizer_OfOneFile_IsThatOfTheTwo()
    {
        const string vocabulary = """{ "a": 0, "b</w>": 1, "ab</w>": 2, "<|startoftext|>": 3, "<|endoftext|>": 4 }""";
        folder.Write("model_index.json", """{ "_class_name": "StableDiffusionPipeline" }""");
        folder.Write("two/vocab.json", "\ufeff" + vocabulary);
        folder.Write("two/merges.txt", "\ufeff#version: 0.2\r\na b</w>\r\n");
        foreach (var merge in (string[])["\"a b</w>\"", "[\"a\", \"b</w>\"]"])
        {
            folder.Write("tokenizer/tokenizer.json", $$"""
                { "added_tokens": [{ "id": 4, "content": "<|endoftext|>" }], "model": { "type": "BPE", "vocab": {{vocabulary}}, "merges": [{{merge}}] } }
                """);
            var (one, two) = (DiffusersFolder.Open(folder.Root).Tokenizer("tokenizer"), ClipTokenizer.FromFolder(folder.Path("two"), ClipTokenizerKind.Slow));
            Assert.Equal(two.Encode("ab ab"), one.Encode("ab ab"));
            Assert.Equal([3L, 2, 2, 4], one.EncodeUnpadded("ab ab"));
        }
        folder.Write("tokenizer/tokenizer.json", """{ "model": { "type": "WordPiece", "vocab": {} } }""");
        Assert.Contains("type BPE", Assert.Throws<TokenizerException>(() => DiffusersFolder.Open(folder.Root).Tokenizer("tokenizer")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_WhenFilesAreMissing_NamesAllOfThem()
    {
        folder.Write("model_index.json", """{ "_class_name": "StableDiffusionPipeline" }""");
        folder.Write("tokenizer/vocab.json", "{}");
        folder.Write("unet/config.json", "{}");
        folder.Write("scheduler/other.json", "{}");
        var error = Assert.Throws<CheckpointException>(() => DiffusersFolder.Open(folder.Root).Require());
        string[] expected =
        [
            "scheduler: scheduler_config.json is missing", "text_encoder: the folder is missing", "tokenizer: merges.txt is missing",
            "unet: weights are missing", "vae: the folder is missing",
        ];
        Assert.All(expected, e => Assert.Contains(e, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Weights_OfVariants_PreferTheOneAskedFor()
    {
        using var scope = NewDisposeScope();
        folder.WriteTensors("a/model.safetensors", ("plain", ones(1)));
        folder.WriteTensors("a/model.fp16.safetensors", ("half", ones(1, ScalarType.Float16)));
        folder.WriteTensors("b/diffusion_pytorch_model.fp16.safetensors", ("half", ones(1, ScalarType.Float16)));
        Assert.Equal("plain", OnlyKey("a", null));
        Assert.Equal("half", OnlyKey("a", "fp16"));
        Assert.Equal("plain", OnlyKey("a", "ema"));
        Assert.Equal("half", OnlyKey("b", null));

        string OnlyKey(string component, string? variant)
        {
            using var source = ComponentWeights.Open(folder.Path(component), variant);
            return Assert.Single(source.Tensors).Key;
        }
    }

    [Fact]
    public void Weights_InShards_AreOneSource()
    {
        using var scope = NewDisposeScope();
        folder.WriteTensors("u/m-00001-of-00002.safetensors", ("a", full(2, 1f)));
        folder.WriteTensors("u/m-00002-of-00002.safetensors", ("b", full(3, 2f)));
        folder.Write("u/model.safetensors.index.json", """{ "weight_map": { "a": "m-00001-of-00002.safetensors", "b": "m-00002-of-00002.safetensors" } }""");
        using var source = ComponentWeights.Open(folder.Path("u"));
        Assert.Equal(["a", "b"], source.Tensors.Keys.Order());
        Assert.Equal(6, source.Load("b").sum().item<float>());
        Assert.Throws<KeyNotFoundException>(() => source.Load("c"));
    }

    [Theory]
    [InlineData("""{ "weight_map": { "a": "here.safetensors", "b": "gone.safetensors" } }""", "gone.safetensors")]
    [InlineData("""{ "weight_map": { "a": "here.safetensors", "lost": "here.safetensors" } }""", "lost")]
    [InlineData("""{ "weight_map": { "a": "../here.safetensors" } }""", "no plain file name")]
    [InlineData("""{ "weight_map": { "a": 1 } }""", "no plain file name")]
    [InlineData("""{ "weight_map": [] }""", "weight_map")]
    public void Weights_WhenTheShardIndexIsWrong_SayWhat(string index, string expected)
    {
        using var scope = NewDisposeScope();
        folder.WriteTensors("u/here.safetensors", ("a", ones(1)));
        folder.Write("u/diffusion_pytorch_model.safetensors.index.json", index);
        var error = Assert.Throws<CheckpointException>(() => ComponentWeights.Open(folder.Path("u")));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_WithOldVaeAttentionNames_HaveThePresentOnes()
    {
        using var scope = NewDisposeScope();
        const string Old = "encoder.mid_block.attentions.0.", New = Old;
        folder.WriteTensors("vae/diffusion_pytorch_model.safetensors",
            ($"{Old}query.weight", eye(2)), ($"{Old}key.bias", ones(2)), ($"{Old}proj_attn.weight", full([2, 2, 1, 1], 3f)), ("decoder.conv_in.bias", ones(2)));
        using var source = ComponentWeights.Open(folder.Path("vae"));
        Assert.Equal(["decoder.conv_in.bias", $"{New}to_k.bias", $"{New}to_out.0.weight", $"{New}to_q.weight"], source.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.Equal([2L, 2], source.Tensors[$"{New}to_out.0.weight"].Shape);
        Assert.Equal([2L, 2], source.Load($"{New}to_out.0.weight").shape);
        Assert.Equal(2, source.Load($"{New}to_q.weight").sum().item<float>());
    }

    [Fact]
    public void Weights_WithOldAndPresentVaeAttentionNames_AreRefused()
    {
        using var scope = NewDisposeScope();
        folder.WriteTensors("vae/model.safetensors", ("decoder.mid_block.attentions.0.query.weight", eye(2)), ("decoder.mid_block.attentions.0.to_q.weight", eye(2)));
        Assert.Throws<CheckpointException>(() => ComponentWeights.Open(folder.Path("vae")));
    }
}
