using System.Text;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Diffusers;
using SpoActors.Trainer.Checkpoints.PyTorch;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Checkpoints.SingleFile;
using SpoActors.Trainer.Lora.Files;
using SpoActors.Trainer.Native;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Checkpoints;

/// <summary>Damaged and hostile files: a <see cref="CheckpointException"/> or tensors within the file, nothing else, and little memory.</summary>
public sealed class CheckpointFuzzTests : IDisposable
{
    const int Rounds = 700;

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

    static byte[] Pickle(bool legacy) => PickleBuilder.StateDict(legacy, ("a", "0", 0, [2, 3], [1, 2]), ("b", "0", 5, [3], [1]), ("c", "1", 1, [], []));

    static byte[] Safetensors(params (string Key, Tensor Value)[] tensors)
    {
        using var buffer = new MemoryStream();
        SafetensorsWriter.Write(buffer, tensors.ToDictionary(t => t.Key, t => t.Value));
        return buffer.ToArray();
    }

    void Fuzz(int seed, byte[] valid, Func<string, ITensorSource> open, string name = "fuzzed")
    {
        var mutations = new Mutations(seed);
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
                Assert.Fail($"seed {seed}, round {round}: {e.GetType().Name}: {e.Message}\n{Convert.ToBase64String(content)}\n{e.StackTrace}");
            }
            catch (CheckpointException)
            {
            }
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < Overhead + MostBytesPerByte * content.Length, $"seed {seed}, round {round}: {allocated} bytes for a file of {content.Length}");
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
