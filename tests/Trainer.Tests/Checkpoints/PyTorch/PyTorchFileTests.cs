using System.IO.Compression;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Diffusers;
using SpoActors.Trainer.Checkpoints.PyTorch;
using SpoActors.Trainer.Native;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Checkpoints.PyTorch;

public sealed class PyTorchFileTests : IDisposable
{
    static readonly byte[] TwoViews = PickleBuilder.StateDict(legacy: false, ("a", "0", 0, [2, 3], [1, 2]), ("b", "0", 5, [3], [1]), ("c", "1", 1, [], []));

    readonly TemporaryFolder folder = new();

    public PyTorchFileTests() => NativeLibtorch.EnsureLoaded();

    public void Dispose() => folder.Dispose();

    string Refused(string name, byte[] content) =>
        Assert.Throws<CheckpointException>(() => PyTorchFile.Open(folder.Write(name, content))).Message;

    [Fact]
    public void Load_OfViewsIntoOneStorage_GivesTheirElements()
    {
        using var scope = NewDisposeScope();
        using var file = PyTorchFile.Open(folder.Write("x.pt", PickleBuilder.Zip(TwoViews, ["0", "1"])));
        Assert.Equal(["a", "b", "c"], file.Tensors.Keys);
        Assert.Equal([0f, 2, 4, 1, 3, 5], file.Load("a").reshape(6).data<float>().ToArray());
        Assert.Equal([5f, 6, 7], file.Load("b").data<float>().ToArray());
        Assert.Equal(101f, file.Load("c").item<float>());
    }

    [Fact]
    public void Load_OfTheLegacyLayout_GivesTheSame()
    {
        using var scope = NewDisposeScope();
        var pickle = PickleBuilder.StateDict(legacy: true, ("a", "0", 0, [2, 3], [1, 2]), ("c", "1", 1, [], []));
        using var file = PyTorchFile.Open(folder.Write("x.pt", PickleBuilder.Legacy(pickle, ["0", "1"])));
        Assert.Equal([0f, 2, 4, 1, 3, 5], file.Load("a").reshape(6).data<float>().ToArray());
        Assert.Equal(101f, file.Load("c").item<float>());
    }

    [Fact]
    public void Load_AfterTheFileIsClosed_StaysValid()
    {
        using var scope = NewDisposeScope();
        Tensor loaded;
        using (var file = PyTorchFile.Open(folder.Write("x.pt", PickleBuilder.Zip(TwoViews, ["0", "1"])))) loaded = file.Load("b");
        Assert.Equal(18, loaded.sum().item<float>());
    }

    [Theory]
    [InlineData("os", "system")]
    [InlineData("builtins", "eval")]
    [InlineData("torch", "load")]
    [InlineData("torch._utils", "_rebuild_device_tensor_from_numpy")]
    [InlineData("numpy.core.multiarray", "_reconstruct")]
    public void Open_WhenTheFileCallsSomethingElse_RefusesItByName(string module, string name)
    {
        var pickle = new PickleBuilder().Global(module, name).Bytes('(').Text("echo").Bytes('t', 'R').Build();
        Assert.Contains($"{module}.{name}", Refused("x.pt", PickleBuilder.Zip(pickle, [])), StringComparison.Ordinal);
        var legacy = PickleBuilder.Legacy(pickle, []);
        Assert.Contains($"{module}.{name}", Refused("y.pt", legacy), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OfAWholeModule_SaysToSaveItsStateDict()
    {
        var pickle = new PickleBuilder().Global("torch.nn.modules.linear", "Linear").Build();
        Assert.Contains("state_dict()", Refused("x.pt", PickleBuilder.Zip(pickle, [])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, new long[] { 9 }, new long[] { 1 })]
    [InlineData(8, new long[] { }, new long[] { })]
    [InlineData(-1, new long[] { 1 }, new long[] { 1 })]
    [InlineData(0, new long[] { 2 }, new long[] { -1 })]
    [InlineData(0, new long[] { 3, 3 }, new long[] { 3, 1 })]
    [InlineData(1, new long[] { 2, long.MaxValue }, new long[] { long.MaxValue, long.MaxValue })]
    [InlineData(0, new long[] { long.MaxValue / 2 }, new long[] { 0 })]
    [InlineData(0, new long[] { 0, long.MaxValue, long.MaxValue }, new long[] { 1, 1, 1 })]
    [InlineData(0, new long[] { 2 }, new long[] { 1, 1 })]
    public void Open_WhenATensorIsOutsideItsStorage_RefusesIt(long offset, long[] shape, long[] stride) =>
        Refused("x.pt", PickleBuilder.Zip(PickleBuilder.StateDict(legacy: false, ("a", "0", offset, shape, stride)), ["0"]));

    [Fact]
    public void Open_WhenAStorageIsMissing_NamesIt() =>
        Assert.Contains("storage '1'", Refused("x.pt", PickleBuilder.Zip(TwoViews, ["0"])), StringComparison.Ordinal);

    [Fact]
    public void Open_OfACompressedArchive_SaysSo() =>
        Assert.Contains("compressed", Refused("x.pt", PickleBuilder.Zip(TwoViews, ["0", "1"], CompressionLevel.Optimal)), StringComparison.Ordinal);

    [Fact]
    public void Open_OfATruncatedFile_SaysSo()
    {
        var whole = PickleBuilder.Zip(TwoViews, ["0", "1"]);
        Assert.Contains("truncated", Refused("x.pt", whole[..(whole.Length / 2)]), StringComparison.Ordinal);
        var legacy = PickleBuilder.Legacy(PickleBuilder.StateDict(legacy: true, ("a", "0", 0, [8], [1])), ["0"]);
        Assert.Contains("download complete", Refused("y.pt", legacy[..^1]), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OfAWebPage_ShowsHowItBegins() =>
        Assert.Contains("failed download", Refused("x.pt", "<html>not found</html>"u8.ToArray()), StringComparison.Ordinal);

    [Fact]
    public void Open_OfAnotherPrograms_Pickle_SaysSo() =>
        Assert.Contains("not one of torch.save", Refused("x.pkl", new PickleBuilder().Text("hello").Build()), StringComparison.Ordinal);

    // Read over, not made: neither the class nor its state means anything here.
    [Theory]
    [InlineData("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint")]
    [InlineData("argparse", "Namespace")]
    [InlineData("omegaconf.dictconfig", "DictConfig")]
    [InlineData("numpy.core.multiarray", "scalar")]
    [InlineData("pathlib", "PosixPath")]
    [InlineData("builtins", "set")]
    public void Open_OfATrainingProgramsObjects_ReadsOverThem(string module, string name)
    {
        // { "callbacks": { <class>: 1 }, "hyper": <object with a state>, "state_dict": {...} }
        var pickle = new PickleBuilder().Bytes('}', '(').Text("callbacks").Bytes('}').Global(module, name).Int(1).Bytes('s')
            .Text("hyper").Global(module, name).Bytes(')', 0x81, '}').Text("a").Int(3).Bytes('s', 'b', '(').Text("k").Int(1).Bytes('u')
            .Text("others").Global(module, name).Bytes(')', 'R').Text("state_dict").Bytes([.. PickleBuilder.StateDict(legacy: false, ("a", "0", 0, [2], [1]))[2..^1].Select(b => (int)b)])
            .Bytes('u').Build();
        using var file = CheckpointFile.Open(folder.Write("x.ckpt", PickleBuilder.Zip(pickle, ["0"])));
        Assert.Equal(["a"], file.Tensors.Keys);
    }

    [Fact]
    public void Open_OfTwoPicklesInOneArchive_RefusesIt()
    {
        using var target = new MemoryStream();
        using (var archive = new ZipArchive(target, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var name in (string[])["a/data.pkl", "b/data.pkl"])
            {
                using var entry = archive.CreateEntry(name, CompressionLevel.NoCompression).Open();
                entry.Write(TwoViews);
            }
        Assert.Contains("2 pickles, 'a/data.pkl' and 'b/data.pkl'", Refused("x.pt", target.ToArray()), StringComparison.Ordinal);
    }

    // Dicts that share each other: few bytes, many paths, each of which would be a text.
    [Fact]
    public void Open_OfDictsThatShareTheirValues_TakesLittleMemory()
    {
        var name = new string('n', 30);
        var pickle = new PickleBuilder().Bytes('}', 'q', 0);
        for (var level = 1; level <= 28; level++)
        {
            pickle.Bytes('}', '(');
            for (var i = 0; i < 4; i++) pickle.Text($"{name}{i}").Bytes('h', level - 1);
            pickle.Bytes('u', 'q', level);
        }
        AssertSmall(64, () => Refused("x.pt", PickleBuilder.Zip(pickle.Build(), [])));
    }

    [Theory]
    [InlineData(new int[] { '}' })]
    [InlineData(new int[] { ']' })]
    [InlineData(new int[] { '(' })]
    [InlineData(new int[] { '}', 0x94 })]
    [InlineData(new int[] { 0x8c, 0 })]
    [InlineData(new int[] { ')', 0x85 })]
    public void Open_OfMillionsOfInstructions_TakesLittleMemory(int[] instructions)
    {
        var pickle = new PickleBuilder().Bytes([.. Enumerable.Repeat(instructions, 5_000_000).SelectMany(i => i)]).Bytes('.').Build();
        AssertSmall(512 + pickle.Length / (1 << 20), () => Refused("x.pt", PickleBuilder.Zip(pickle, [])));
    }

    [Fact]
    public void Open_OfBytesThatAreMadeAgainAndAgain_IsRefused()
    {
        var pickle = new PickleBuilder().Global("_codecs", "encode").Bytes('q', 0, '(').Text(new string('x', 1_000_000)).Text("latin1").Bytes('t', 'q', 1);
        for (var i = 0; i < 1000; i++) pickle.Bytes('h', 0, 'h', 1, 'R');
        AssertSmall(64, () => Assert.Contains("more bytes than the file has", Refused("x.pt", PickleBuilder.Zip(pickle.Build(), [])), StringComparison.Ordinal));
    }

    static void AssertSmall(long mebibytes, Action action)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        action();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, mebibytes << 20);
    }

    [Fact]
    public void Open_OfAListThatHoldsItself_EndsWithAnError() =>
        Refused("x.pt", PickleBuilder.Zip(new PickleBuilder().Bytes(']', 'q', 0, 'h', 0, 'a').Build(), []));

    [Fact]
    public void Open_OfListsThatMultiply_EndsWithAnError()
    {
        // Each list holds the one before ten times: 10^25 values in a few hundred bytes.
        var pickle = new PickleBuilder().Bytes(']', 'q', 0);
        for (var level = 1; level <= 25; level++)
        {
            pickle.Bytes(']', '(');
            for (var i = 0; i < 10; i++) pickle.Bytes('h', level - 1);
            pickle.Bytes('e', 'q', level);
        }
        Refused("x.pt", PickleBuilder.Zip(pickle.Build(), []));
    }

    [Theory]
    [InlineData("weights.bin")]
    [InlineData("weights.ckpt")]
    [InlineData("weights")]
    public void CheckpointFile_OfAnyName_FindsTheFormat(string name)
    {
        using var pyTorch = CheckpointFile.Open(folder.Write(name, PickleBuilder.Zip(TwoViews, ["0", "1"])));
        Assert.Equal(3, pyTorch.Tensors.Count);
        using var scope = NewDisposeScope();
        using var safetensors = CheckpointFile.Open(folder.WriteTensors("other", ("x", ones(2))));
        Assert.Single(safetensors.Tensors);
    }

    [Fact]
    public void CheckpointFile_OfWeightsInAnEntry_GivesThoseOnly()
    {
        var inner = PickleBuilder.StateDict(legacy: false, ("a", "0", 0, [8], [1]));
        byte[] pickle = [.. new PickleBuilder().Bytes('}', '(').Text("epoch").Int(3).Text("state_dict").Build()[..^1], .. inner[2..^1], (byte)'u', (byte)'.'];
        using var file = CheckpointFile.Open(folder.Write("x.ckpt", PickleBuilder.Zip(pickle, ["0"])));
        Assert.Equal(["a"], file.Tensors.Keys);
    }

    [Fact]
    public void ComponentWeights_OfBinFiles_AreFound()
    {
        folder.Write("unet/diffusion_pytorch_model.bin", PickleBuilder.Zip(TwoViews, ["0", "1"]));
        using var source = ComponentWeights.Open(folder.Path("unet"));
        Assert.Equal(3, source.Tensors.Count);
    }
}
