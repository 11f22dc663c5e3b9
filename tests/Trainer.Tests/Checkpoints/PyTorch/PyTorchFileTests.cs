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
