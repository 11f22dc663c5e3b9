using CsCheck;
using SpoActors.Specification;
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
    [InlineData($"unet.base_model.model.{Layer}.lora_A.weight", $"base_model.model.unet.{Layer}.lora_B.weight", LoraFormat.Peft)]
    [InlineData($"unet.unet.{Layer}.lora.down.weight", $"unet.unet.{Layer}.lora.up.weight", LoraFormat.Diffusers)]
    [InlineData($"unet.{Layer}.lora_down.weight", $"unet.{Layer}.lora_up.weight", LoraFormat.Kohya)]
    [InlineData($"{Layer}.lora_A.my_style.weight", $"{Layer}.lora_B.my_style.weight", LoraFormat.Peft)]
    [InlineData($"lora_unet_{Flat}.lora_down.weight", $"{Flat}.lora_up.weight", LoraFormat.Kohya)]
    [InlineData($"unet.{Flat}.lora_A.weight", $"unet.{Flat}.lora_B.weight", LoraFormat.Kohya)]
    [InlineData("diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_out.0.lora_A.weight", "model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn1.to_out.0.lora_B.weight", LoraFormat.Peft)]
    [InlineData("down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out_lora.down.weight", "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out_lora.up.weight", LoraFormat.AttentionProcessor)]
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
        folder.Write("adapter_config.json", """{ "lora_alpha": 16, "use_rslora": true }""");
        Assert.Equal(16 * Math.Sqrt(2), Assert.Single(LoraWeights.Read(path)).Value.Alpha);
        folder.Write("adapter_config.json", """{ "lora_alpha": 16, "alpha_pattern": { "attn1.to_out.0": 3, "to_q": 5 } }""");
        Assert.Equal(3, Assert.Single(LoraWeights.Read(path)).Value.Alpha);
        folder.Write("adapter_config.json", """{ "lora_alpha": NaN, "use_dora": true, "lora_bias": true, "alpha_pattern": { "^x": 3 } }""");
        var error = Assert.Throws<CheckpointException>(() => LoraWeights.Read(path));
        foreach (var expected in (string[])["use_dora", "lora_bias", "lora_alpha is \"NaN\"", "'^x'"]) Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WithEverythingWrong_ListsIt()
    {
        using var scope = NewDisposeScope();
        var path = folder.WriteTensors("l.safetensors",
            ("unet.a.lora.down.weight", ones(2, 3)),
            ("unet.b.lora.down.weight", ones(2, 3)), ("unet.b.lora.up.weight", ones(4, 3)), ("unet.b.alpha", ones(2)),
            ("lora_unet_no_such_layer.lora_down.weight", ones(2, 3)),
            ("lora_te1_text_model.lora_down.weight", ones(2, 3)));
        var error = Assert.Throws<CheckpointException>(() => LoraWeights.Read(path)).Message;
        string[] expected =
        [
            "'a' has only unet.a.lora.down.weight", "'b': down is [2, 3], up [4, 3]", "'unet.b.alpha' is [2]", "'no_such_layer' is no layer",
            "1 tensors of text encoders (such as 'lora_te1_text_model.lora_down.weight'), which cannot be applied; --ignore text_encoder",
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
        foreach (var write in (Action<Stream>[])[s => LoraWeights.WriteDiffusers(s, LoraWeights.Read(path)), s => LoraWeights.WriteKohya(s, LoraWeights.Read(path))])
        {
            using var written = SafetensorsFile.Open(Written(write, "w.safetensors"));
            Assert.All(written.Tensors.Where(t => !t.Key.EndsWith("alpha", StringComparison.Ordinal)), t => Assert.Equal([1L, 1], t.Value.Shape.Skip(2)));
        }
    }

    [Theory]
    [InlineData("dora_scale", "DoRA")]
    [InlineData("hada_w1_a", "LoHa")]
    [InlineData("lokr_w1", "LoKr")]
    [InlineData("lora_mid.weight", "Tucker")]
    [InlineData("diff", "difference of whole weights")]
    [InlineData("oft_blocks", "OFT")]
    public void Read_OfAnotherKindOfAdapter_NamesIt(string ending, string name)
    {
        using var scope = NewDisposeScope();
        var path = folder.WriteTensors("l.safetensors", ($"{Flat}.lora_down.weight", ones(2, 3)), ($"{Flat}.lora_up.weight", ones(4, 2)), ($"{Flat}.{ending}", ones(2)));
        var error = Assert.Throws<CheckpointException>(() => LoraWeights.Read(path)).Message;
        Assert.Contains($"it is a {name}", error.Replace("LoRA with a ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);
    }

    [Theory]
    [InlineData("lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight")]
    [InlineData("text_encoder.text_model.encoder.layers.0.self_attn.q_proj.lora_A.weight")]
    [InlineData("base_model.model.text_encoder_2.text_model.encoder.layers.0.mlp.fc1.lora.down.weight")]
    [InlineData("lora_te2_text_model_encoder_layers_0_mlp_fc1.hada_w1_a")]
    public void Read_WithTextEncoders_OffersTheRest(string key)
    {
        using var scope = NewDisposeScope();
        var path = folder.WriteTensors("l.safetensors", ($"{Flat}.lora_down.weight", ones(2, 3)), ($"{Flat}.lora_up.weight", ones(4, 2)), (key, ones(2, 3)));
        var error = Assert.Throws<CheckpointException>(() => LoraWeights.Read(path)).Message;
        Assert.DoesNotContain('\n', error);
        if (!key.Contains("hada", StringComparison.Ordinal)) Assert.Contains("--ignore text_encoder (lora.ignore: [text_encoder] in a configuration) uses the rest", error, StringComparison.Ordinal);
        Assert.Equal(Layer, Assert.Single(LoraWeights.Read(path, ignore: [LoraFilePart.TextEncoder])).Key);
    }

    [Theory]
    [InlineData("lora_unet_down_blocks_0_resnets_0_conv1", 3)]
    [InlineData("lora_unet_down_blocks_0_resnets_0_conv_shortcut", 1)]
    [InlineData("lora_unet_input_blocks_3_0_op", 3)]
    [InlineData("unet.up_blocks.0.upsamplers.0.conv", 3)]
    public void Read_WithConvolutions_OffersTheRest(string layer, long kernel)
    {
        using var scope = NewDisposeScope();
        var path = folder.WriteTensors("l.safetensors", ($"{Flat}.lora_down.weight", ones(2, 3)), ($"{Flat}.lora_up.weight", ones(4, 2)),
            ($"{layer}.lora_down.weight", ones(2, 3, kernel, kernel)), ($"{layer}.lora_up.weight", ones(4, 2, 1, 1)), ($"{layer}.alpha", tensor(2f)));
        Assert.Contains("3 tensors of convolutions", Assert.Throws<CheckpointException>(() => LoraWeights.Read(path)).Message, StringComparison.Ordinal);
        Assert.Equal(Layer, Assert.Single(LoraWeights.Read(path, ignore: [LoraFilePart.Convolution])).Key);
    }

    [Fact]
    public void Read_WhenOnlyWhatIsIgnoredIsThere_SaysSo()
    {
        using var scope = NewDisposeScope();
        var path = folder.WriteTensors("l.safetensors", ("lora_te_x.lora_down.weight", ones(2, 3)));
        Assert.Contains("it holds no LoRA of a UNet", Assert.Throws<CheckpointException>(() => LoraWeights.Read(path, ignore: [LoraFilePart.TextEncoder])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(float.NaN, "is NaN")]
    [InlineData(float.PositiveInfinity, "is infinite")]
    [InlineData(float.NegativeInfinity, "is infinite")]
    public void Read_WhenAlphaIsNotFinite_NamesItsTensor(float alpha, string expected)
    {
        using var scope = NewDisposeScope();
        var path = folder.WriteTensors("l.safetensors", ($"{Flat}.lora_down.weight", ones(2, 3)), ($"{Flat}.lora_up.weight", ones(4, 2)), ($"{Flat}.alpha", tensor(alpha)));
        Assert.Contains($"'{Flat}.alpha' {expected}", Assert.Throws<CheckpointException>(() => LoraWeights.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WhenAlphaIsZero_TakesTheRank()
    {
        using var scope = NewDisposeScope();
        var path = folder.WriteTensors("l.safetensors", ($"{Flat}.lora_down.weight", ones(2, 3)), ($"{Flat}.lora_up.weight", ones(4, 2)), ($"{Flat}.alpha", tensor(0f)));
        Assert.Equal(2, Assert.Single(LoraWeights.Read(path)).Value.Alpha);
    }

    [Theory]
    [InlineData("16.0", 16)]
    [InlineData("None", 2)]
    public void Read_WhenAlphaIsInKohyasMetadata_TakesIt(string text, double expected)
    {
        using var scope = NewDisposeScope();
        var path = Written(s => SafetensorsWriter.Write(s, new Dictionary<string, Tensor> { [$"{Flat}.lora_down.weight"] = ones(2, 3), [$"{Flat}.lora_up.weight"] = ones(4, 2) },
            new Dictionary<string, string> { ["ss_network_alpha"] = text, ["ss_network_dim"] = "2" }));
        Assert.Equal(expected, Assert.Single(LoraWeights.Read(path)).Value.Alpha);
    }

    [Fact]
    public void Read_OfMixedRanksAndTypes_KeepsEachLayersOwn()
    {
        using var scope = NewDisposeScope();
        const string other = "unet.mid_block.attentions.0.proj_in";
        var path = folder.WriteTensors("l.safetensors", ($"{Flat}.lora_down.weight", ones(2, 3, ScalarType.BFloat16)), ($"{Flat}.lora_up.weight", ones(4, 2, ScalarType.Float16)), ($"{Flat}.alpha", tensor(1L)),
            ($"{other}.lora_A.weight", ones(8, 3)), ($"{other}.lora_B.weight", ones(4, 8, ScalarType.Float64)));
        var read = LoraWeights.Read(path);
        Assert.Equal([(2L, 1.0), (8L, 8.0)], read.Values.Select(f => (f.A.shape[0], f.Alpha)));
        Assert.All(read.Values, f => Assert.Equal(ScalarType.Float32, f.B.dtype));
    }

    [Fact]
    public void Read_OfWholeNumbers_RefusesThemByType()
    {
        using var scope = NewDisposeScope();
        var path = folder.WriteTensors("l.safetensors", ("unet.a.lora.down.weight", ones(2, 3, ScalarType.Int8)), ("unet.a.lora.up.weight", ones(4, 2)));
        Assert.Contains("'unet.a.lora.down.weight' holds whole numbers (int8)", Assert.Throws<CheckpointException>(() => LoraWeights.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_WhenATypeCannotHoldTheWeights_RefusesIt()
    {
        using var scope = NewDisposeScope();
        var factors = new Dictionary<string, LoraFactors> { ["a"] = new(ones(2, 3) * 1e5f, ones(4, 2), 2) };
        foreach (var write in (Action<Stream>[])[s => LoraWeights.WriteDiffusers(s, factors, ScalarType.Float16), s => LoraWeights.WriteKohya(s, factors, ScalarType.Float16)])
            Assert.Contains("'a' has weights of up to 1e+05, which float16 cannot hold", Assert.Throws<CheckpointException>(() => Written(write)).Message, StringComparison.Ordinal);
        LoraWeights.WriteDiffusers(Stream.Null, factors, ScalarType.BFloat16);
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
    [InlineData("input_blocks_4_0_in_layers_2", "down_blocks.1.resnets.0.conv1")]
    [InlineData("input_blocks_4_0_emb_layers_1", "down_blocks.1.resnets.0.time_emb_proj")]
    [InlineData("input_blocks_3_0_op", "down_blocks.0.downsamplers.0.conv")]
    [InlineData("output_blocks_2_2_conv", "up_blocks.0.upsamplers.0.conv")]
    [InlineData("middle_block_2_out_layers_3", "mid_block.resnets.1.conv2")]
    [InlineData("time_embed_2", "time_embedding.linear_2")]
    [InlineData("label_emb_0_0", "add_embedding.linear_1")]
    [InlineData("output_blocks_5_1_proj_out", "up_blocks.1.attentions.2.proj_out")]
    public void KohyaNames_InTheOriginalNumbering_AreResolved(string flat, string path) => Assert.Equal(path, KohyaNames.Unflatten(flat));

    [Theory]
    [InlineData("input_blocks_4_1_")]
    [InlineData("input_blocks_0_1_proj_in")]
    [InlineData("input_blocks_4_0_in_layers_7")]
    [InlineData("")]
    [InlineData("_")]
    [InlineData("to_")]
    [InlineData("to_q_")]
    [InlineData("to_qq")]
    [InlineData("0__1")]
    [InlineData("1x")]
    public void KohyaNames_OfOtherNames_AreNotResolved(string flat) => Assert.Null(KohyaNames.Unflatten(flat));
}
