using System.Text;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Diffusers;
using SpoActors.Trainer.Checkpoints.PyTorch;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Checkpoints.SingleFile;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Lora.Files;
using SpoActors.Trainer.Models.Clip;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Models.Vae;
using SpoActors.Trainer.Native;
using SpoActors.Trainer.Tests.Fuzzing;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Checkpoints;

/// <summary>Damaged and hostile files: a <see cref="CheckpointException"/> or tensors within the file, nothing else, and little memory.</summary>
public sealed class CheckpointFuzzTests : IDisposable
{
    /// <summary>Inputs of each kind and seed; SPO_FUZZ_ROUNDS asks for more, and SPO_FUZZ_SEED for others.</summary>
    static readonly int Rounds = Setting("SPO_FUZZ_ROUNDS", 700), Seed = Setting("SPO_FUZZ_SEED", 0);

    // Objects of a parsed file are larger than its bytes, by a factor; a length taken at its word would be larger by orders of magnitude.
    const long MostBytesPerByte = 2000, Overhead = 4 << 20;

    readonly TemporaryFolder folder = new();

    public CheckpointFuzzTests() => NativeLibtorch.EnsureLoaded();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Safetensors_WhenDamaged_IsRefusedOrRead(int seed) => Fuzz(seed, Safetensors(("a", ones(2, 3)), ("b.c", ones(4, ScalarType.Float16)), ("d", ones(1, ScalarType.Int8))), path => SafetensorsFile.Open(path));

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public void ZipOfPickles_WhenDamaged_IsRefusedOrRead(int seed) => Fuzz(seed, PickleBuilder.Zip(Pickle(legacy: false), ["0", "1"]), PyTorchFile.Open);

    [Theory]
    [InlineData(5)]
    [InlineData(6)]
    public void LegacyPickles_WhenDamaged_AreRefusedOrRead(int seed) => Fuzz(seed, PickleBuilder.Legacy(Pickle(legacy: true), ["0", "1"]), PyTorchFile.Open);

    [Theory]
    [InlineData(7)]
    public void ShardIndex_WhenDamaged_IsRefusedOrRead(int seed)
    {
        using var scope = NewDisposeScope();
        folder.WriteTensors("s1.safetensors", ("a", ones(2)));
        folder.WriteTensors("s2.safetensors", ("b", ones(2)));
        var index = Encoding.UTF8.GetBytes("""{ "metadata": { "total_size": 16 }, "weight_map": { "a": "s1.safetensors", "b": "s2.safetensors" } }""");
        Fuzz(seed, index, _ => ComponentWeights.Open(folder.Root), "model.safetensors.index.json");
    }

    [Theory]
    [InlineData(8)]
    public void Lora_WhenDamaged_IsRefusedOrRead(int seed)
    {
        using var scope = NewDisposeScope();
        const string Layer = "lora_unet_mid_block_attentions_0_proj_in";
        Fuzz(seed, Safetensors(($"{Layer}.lora_down.weight", ones(2, 3)), ($"{Layer}.lora_up.weight", ones(4, 2)), ($"{Layer}.alpha", tensor(2f))), path =>
        {
            using var lora = NewDisposeScope();
            LoraWeights.Read(path);
            return SafetensorsFile.Open(path);
        });
    }

    [Theory]
    [InlineData(9)]
    public void SingleFile_WhenDamaged_IsRefusedOrRead(int seed)
    {
        using var scope = NewDisposeScope();
        var file = Safetensors(
            ("model.diffusion_model.input_blocks.0.0.weight", ones(2, 1)), ("model.diffusion_model.input_blocks.1.0.in_layers.2.weight", ones(1, 1)),
            ("model.diffusion_model.middle_block.1.proj_in.weight", ones(1, 1)), ("first_stage_model.decoder.mid.attn_1.q.weight", ones(1, 1, 1, 1)),
            ("conditioner.embedders.1.model.text_projection", ones(1, 2)), ("conditioner.embedders.1.model.transformer.resblocks.0.attn.in_proj_bias", ones(3)));
        foreach (var component in (string[])["unet", "vae", "text_encoder_2"])
            Fuzz(seed, file, path => SingleFileModel.Open(path).Weights(component));
        Fuzz(seed, file, path =>
        {
            var model = SingleFileModel.Open(path);
            model.ReadConfig("unet");
            return model.Weights("unet");
        });
    }

    [Theory]
    [InlineData(10)]
    public void Configurations_WhenDamaged_AreRefusedOrRead(int seed)
    {
        Json(seed, """{ "_class_name": "UNet2DConditionModel", "block_out_channels": [32, 64], "down_block_types": ["CrossAttnDownBlock2D", "DownBlock2D"], "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D"], "layers_per_block": 2, "attention_head_dim": 8, "norm_eps": 1e-5, "cross_attention_dim": 32 }""",
            path => UNetConfig.Load(path));
        Json(seed + 100, """{ "_class_name": "AutoencoderKL", "block_out_channels": [32, 64], "down_block_types": ["DownEncoderBlock2D", "DownEncoderBlock2D"], "up_block_types": ["UpDecoderBlock2D", "UpDecoderBlock2D"], "layers_per_block": 1, "scaling_factor": 0.18215, "force_upcast": false }""",
            path => VaeConfig.Load(path));
        Json(seed + 200, """{ "hidden_size": 32, "num_attention_heads": 4, "num_hidden_layers": 5, "vocab_size": 1000, "text_config": { "hidden_size": 32, "num_attention_heads": 4 }, "vision_config": { "hidden_size": 32, "num_attention_heads": 4, "image_size": 30, "patch_size": 15 } }""",
            path => ClipConfig.Load(path));
        Json(seed + 300, """{ "_class_name": "DDIMScheduler", "num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1, "lambda_min_clipped": -Infinity, "clip_sample": false }""",
            path => NoiseSchedule.Create(SchedulerConfig.Load(path)));
        Json(seed + 400, """{ "image_processor": { "size": { "shortest_edge": 32 }, "crop_size": { "height": 32, "width": 32 }, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5], "resample": 3 } }""",
            path => ClipImageProcessor.InFolder(Path.GetDirectoryName(path)!), "processor_config.json");
        folder.Write("tokenizer_config.json", "{}");
        Json(seed + 500, """{ "added_tokens": [{ "id": 4, "content": "<|endoftext|>" }], "model": { "type": "BPE", "vocab": { "a": 0, "b</w>": 1, "ab</w>": 2, "<|startoftext|>": 3, "<|endoftext|>": 4 }, "merges": ["a b</w>"] } }""",
            path => ClipTokenizer.FromFolder(Path.GetDirectoryName(path)!, ClipTokenizerKind.Slow).Encode("ab ba"), "tokenizer.json");
        File.Delete(folder.Path("tokenizer.json"));
        folder.Write("vocab.json", """{ "a": 0, "b</w>": 1, "ab</w>": 2, "<|startoftext|>": 3, "<|endoftext|>": 4 }""");
        folder.Write("merges.txt", "#version: 0.2\na b</w>\n");
        Json(seed + 600, """{ "model_max_length": 77, "bos_token": "<|startoftext|>", "eos_token": { "content": "<|endoftext|>" }, "added_tokens_decoder": { "4": { "content": "<|endoftext|>" } } }""",
            path => ClipTokenizer.FromFolder(Path.GetDirectoryName(path)!, ClipTokenizerKind.Slow).Encode("ab ba"), "tokenizer_config.json");
    }

    void Json(int seed, string valid, Action<string> read, string name = "config.json")
    {
        var (mutations, bytes) = (new Mutations(seed + Seed), Encoding.UTF8.GetBytes(valid));
        for (var round = 0; round < Math.Max(1, Rounds / 4); round++)
        {
            var content = mutations.Apply(bytes);
            var path = folder.Write(name, content);
            using var scope = NewDisposeScope();
            try
            {
                read(path);
            }
            catch (Exception e) when (e is CheckpointException or TokenizerException or InvalidDataException)
            {
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed + Seed}, round {round}: {e.GetType().Name}: {e.Message}\n{Encoding.Latin1.GetString(content)}\n{e.StackTrace}");
            }
        }
    }

    static readonly string[] NameParts =
    [
        "lora_unet_", "lora_te_", "unet.", "base_model.model.", "model.", "diffusion_model.", "text_encoder.", "down_blocks", "input_blocks", "output_blocks", "middle_block", "mid_block", "attentions",
        "transformer_blocks", "attn1", "to_q", "to_out", "proj_in", "in_layers", "emb_layers", "conv", "op", "time_embed", "0", "1", "2", "99", "_", ".", ".lora_down.weight", ".lora_up.weight", ".lora_A.weight",
        ".lora_B.x.weight", ".alpha", ".processor.to_out_lora.down.weight", ".lora.up.weight", ".dora_scale", "\u001b", "\ud800", "",
    ];

    [Theory]
    [InlineData(11)]
    public void LoraKeys_OfAnyParts_AreParsedOrNot(int seed)
    {
        var random = new Random(seed + Seed);
        for (var round = 0; round < Rounds * 10; round++)
        {
            var key = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => NameParts[random.Next(NameParts.Length)]));
            if (LoraKey.Parse(key) is { IsFlat: true } flat) KohyaNames.Unflatten(flat.Layer);
            OtherAdapters.NameOf(key);
        }
    }

    static int Setting(string name, int byDefault) => int.TryParse(Environment.GetEnvironmentVariable(name), out var value) ? value : byDefault;

    static byte[] Pickle(bool legacy) => PickleBuilder.StateDict(legacy, ("a", "0", 0, [2, 3], [1, 2]), ("b", "0", 5, [3], [1]), ("c", "1", 1, [], []));

    static byte[] Safetensors(params (string Key, Tensor Value)[] tensors)
    {
        using var buffer = new MemoryStream();
        SafetensorsWriter.Write(buffer, tensors.ToDictionary(t => t.Key, t => t.Value));
        return buffer.ToArray();
    }

    void Fuzz(int seed, byte[] valid, Func<string, ITensorSource> open, string name = "fuzzed")
    {
        var mutations = new Mutations(seed + Seed);
        for (var round = 0; round < Rounds; round++)
        {
            var content = mutations.Apply(valid);
            var path = folder.Write(name, content);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                ReadAll(open, path);
            }
            catch (Exception e) when (e is not CheckpointException)
            {
                Assert.Fail($"seed {seed + Seed}, round {round}: {e.GetType().Name}: {e.Message}\n{Convert.ToBase64String(content)}\n{e.StackTrace}");
            }
            catch (CheckpointException)
            {
            }
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < Overhead + MostBytesPerByte * content.Length, $"seed {seed + Seed}, round {round}: {allocated} bytes for a file of {content.Length}");
        }
    }

    void ReadAll(Func<string, ITensorSource> open, string path)
    {
        using var scope = NewDisposeScope();
        using var source = open(path);
        var largest = Directory.GetFiles(folder.Root).Max(f => new FileInfo(f).Length);
        foreach (var (key, description) in source.Tensors)
        {
            var loaded = source.Load(key);
            Assert.Equal(description.Shape, loaded.shape);
            Assert.True(loaded.numel() * loaded.element_size() <= largest);
            loaded.to_type(ScalarType.Float64).sum();
        }
    }
}
