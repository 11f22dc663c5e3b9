using CsCheck;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Lora.Files;
using SpoActors.Trainer.Native;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Lora.Files;

public sealed class LoraWeightsTests : IDisposable
{
    const string Layer = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0";
    const string Flat = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_out_0";

    readonly TemporaryFolder folder = new();

    public LoraWeightsTests() => NativeLibtorch.EnsureLoaded();

    public void Dispose() => folder.Dispose();

    static Dictionary<string, LoraFactors> Factors(double alpha) => new()
    {
        [Layer] = new LoraFactors(arange(6).to_type(ScalarType.Float32).reshape(2, 3), ones(4, 2) * 0.1f, alpha),
        ["mid_block.attentions.0.proj_in"] = new LoraFactors(ones(2, 5), ones(5, 2), alpha),
    };

    string Written(Action<Stream> write, string name = "lora.safetensors")
    {
        using var buffer = new MemoryStream();
        write(buffer);
        return folder.Write(name, buffer.ToArray());
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    [InlineData(3.5)]
    public void WriteKohya_WhenReadAgain_GivesTheSameFactors(double alpha)
    {
        using var scope = NewDisposeScope();
        var read = LoraWeights.Read(Written(s => LoraWeights.WriteKohya(s, Factors(alpha))));
        Assert.Equal(Factors(alpha).Keys.Order(StringComparer.Ordinal), read.Keys);
        Assert.All(Factors(alpha), f =>
        {
            Assert.Equal(alpha, read[f.Key].Alpha);
            Assert.True(read[f.Key].A.equal(f.Value.A).all().item<bool>());
            Assert.True(read[f.Key].B.equal(f.Value.B).all().item<bool>());
        });
    }

    [Theory]
    [InlineData(2)]
    [InlineData(1)]
    [InlineData(8)]
    public void WriteDiffusers_WhateverAlpha_KeepsTheProduct(double alpha)
    {
        using var scope = NewDisposeScope();
        var read = LoraWeights.Read(Written(s => LoraWeights.WriteDiffusers(s, Factors(alpha))));
        Assert.All(Factors(alpha), f =>
        {
            var loaded = read[f.Key];
            Assert.Equal(loaded.A.shape[0], loaded.Alpha);
            var (was, isNow) = (f.Value.B.mm(f.Value.A) * (f.Value.Alpha / f.Value.A.shape[0]), loaded.B.mm(loaded.A));
            Assert.True(was.allclose(isNow));
        });
    }

    [Fact]
    public void WriteDiffusers_OfTheSameFactors_WritesTheSameBytes()
    {
        using var scope = NewDisposeScope();
        var first = Written(s => LoraWeights.WriteDiffusers(s, Factors(2)), "a");
        var second = Written(s => LoraWeights.WriteDiffusers(s, Factors(2).Reverse().ToDictionary()), "b");
        Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
    }

    [Fact]
    public void WriteDiffusers_NamesAndTypes_AreThoseThatDiffusersReads()
    {
        using var scope = NewDisposeScope();
        using var file = SafetensorsFile.Open(Written(s => LoraWeights.WriteDiffusers(s, Factors(2), ScalarType.Float16)));
        Assert.Contains($"unet.{Layer}.lora.down.weight", file.Tensors.Keys);
        Assert.Contains("unet.mid_block.attentions.0.proj_in.lora.up.weight", file.Tensors.Keys);
        Assert.All(file.Tensors.Values, t => Assert.Equal(ScalarType.Float16, t.DType));
        Assert.Equal("pt", file.Metadata["format"]);
    }

    [Theory]
    [InlineData($"unet.{Layer}.lora.down.weight", $"unet.{Layer}.lora.up.weight", LoraFormat.Diffusers)]
    [InlineData($"unet.{Layer}.lora_A.weight", $"unet.{Layer}.lora_B.weight", LoraFormat.Peft)]
    [InlineData($"{Layer}.lora_A.default.weight", $"{Layer}.lora_B.default.weight", LoraFormat.Peft)]
    [InlineData($"base_model.model.{Layer}.lora_A.weight", $"base_model.model.{Layer}.lora_B.weight", LoraFormat.Peft)]
    [InlineData("down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_out_lora.down.weight",
        "down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_out_lora.up.weight", LoraFormat.AttentionProcessor)]
    [InlineData($"{Flat}.lora_down.weight", $"{Flat}.lora_up.weight", LoraFormat.Kohya)]
    public void Read_OfEveryFormat_FindsTheLayer(string down, string up, LoraFormat format)
    {
        using var scope = NewDisposeScope();
        using var file = SafetensorsFile.Open(folder.WriteTensors("l.safetensors", (down, ones(2, 3, ScalarType.Float16)), (up, ones(4, 2, ScalarType.Float16))));
        Assert.Equal(format, LoraWeights.FormatOf(file));
        var (path, factors) = Assert.Single(LoraWeights.Read(file));
        Assert.Equal(Layer, path);
        Assert.Equal(2, factors.Alpha);
        Assert.Equal(ScalarType.Float32, factors.A.dtype);
    }

    [Fact]
    public void Read_OfPeftWithSettingsBeside_TakesTheirAlpha()
    {
        using var scope = NewDisposeScope();
        var path = folder.WriteTensors("adapter_model.safetensors", ($"{Layer}.lora_A.weight", ones(2, 3)), ($"{Layer}.lora_B.weight", ones(4, 2)));
        folder.Write("adapter_config.json", """{ "r": 2, "lora_alpha": 16, "alpha_pattern": {} }""");
        Assert.Equal(16, Assert.Single(LoraWeights.Read(path)).Value.Alpha);
        folder.Write("adapter_config.json", """{ "lora_alpha": 16, "use_dora": true, "use_rslora": true }""");
        var error = Assert.Throws<CheckpointException>(() => LoraWeights.Read(path));
        Assert.Contains("use_dora", error.Message, StringComparison.Ordinal);
        Assert.Contains("use_rslora", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WithEverythingWrong_ListsIt()
    {
        using var scope = NewDisposeScope();
        var path = folder.WriteTensors("l.safetensors",
            ("unet.a.lora.down.weight", ones(2, 3)),
            ("unet.b.lora.down.weight", ones(2, 3)), ("unet.b.lora.up.weight", ones(4, 3)), ("unet.b.alpha", ones(2)),
            ("lora_unet_no_such_layer.lora_down.weight", ones(2, 3)),
            ($"{Flat}.dora_scale", ones(2)),
            ("lora_te1_text_model.lora_down.weight", ones(2, 3)));
        var error = Assert.Throws<CheckpointException>(() => LoraWeights.Read(path)).Message;
        string[] expected =
        [
            "'a' has only unet.a.lora.down.weight", "'b': down is [2, 3], up [4, 3]", "'unet.b.alpha' is [2]", "'no_such_layer' is no layer",
            "dora_scale': not a tensor", "adapters of text encoders are not supported",
        ];
        Assert.All(expected, e => Assert.Contains(e, error, StringComparison.Ordinal));
    }

    [Fact]
    public void Read_WhenWeightsAreNotFinite_NamesThem()
    {
        using var scope = NewDisposeScope();
        var up = ones(4, 2);
        up[3, 1] = float.PositiveInfinity;
        var path = folder.WriteTensors("l.safetensors", ("unet.a.lora.down.weight", full([2, 3], float.NaN)), ("unet.a.lora.up.weight", up));
        var error = Assert.Throws<CheckpointException>(() => LoraWeights.Read(path)).Message;
        Assert.Contains("'unet.a.lora.down.weight' holds NaN or infinite weights", error, StringComparison.Ordinal);
        Assert.Contains("'unet.a.lora.up.weight' holds NaN or infinite weights", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OfAConvolutionsFactors_MakesMatricesOfThem()
    {
        using var scope = NewDisposeScope();
        var path = folder.WriteTensors("l.safetensors", ("unet.mid_block.attentions.0.proj_in.lora.down.weight", ones(2, 3, 1, 1)), ("unet.mid_block.attentions.0.proj_in.lora.up.weight", ones(4, 2, 1, 1)));
        var factors = Assert.Single(LoraWeights.Read(path)).Value;
        Assert.Equal([2L, 3], factors.A.shape);
        Assert.Equal([4L, 2], factors.B.shape);
    }

    [Fact]
    public void KohyaNames_OfPathsOfAUNetsWords_RoundTrip()
    {
        string[] words = ["down_blocks", "up_blocks", "mid_block", "to_q", "to_out", "proj", "proj_in", "conv", "conv_in", "conv1", "time_emb_proj", "linear_1", "ff", "net", "0", "17"];
        Gen.Int[0, words.Length - 1].Select(i => words[i]).Array[1, 9].Select(parts => string.Join('.', parts))
            .Sample(path => KohyaNames.Unflatten(KohyaNames.Flatten(path)) == path, iter: 5000);
    }

    [Theory]
    [InlineData("input_blocks_4_1_proj_in", "down_blocks.1.attentions.0.proj_in")]
    [InlineData("input_blocks_8_1_transformer_blocks_9_attn2_to_out_0", "down_blocks.2.attentions.1.transformer_blocks.9.attn2.to_out.0")]
    [InlineData("middle_block_1_transformer_blocks_0_ff_net_0_proj", "mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj")]
    [InlineData("output_blocks_0_1_transformer_blocks_3_attn1_to_q", "up_blocks.0.attentions.0.transformer_blocks.3.attn1.to_q")]
    [InlineData("output_blocks_5_1_proj_out", "up_blocks.1.attentions.2.proj_out")]
    public void KohyaNames_InTheOriginalNumbering_AreResolved(string flat, string path) => Assert.Equal(path, KohyaNames.Unflatten(flat));

    [Theory]
    [InlineData("input_blocks_4_1_")]
    [InlineData("input_blocks_0_1_proj_in")]
    [InlineData("input_blocks_4_0_in_layers_2")]
    [InlineData("")]
    [InlineData("_")]
    [InlineData("to_")]
    [InlineData("to_q_")]
    [InlineData("to_qq")]
    [InlineData("0__1")]
    [InlineData("1x")]
    public void KohyaNames_OfOtherNames_AreNotResolved(string flat) => Assert.Null(KohyaNames.Unflatten(flat));
}
