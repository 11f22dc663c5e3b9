using System.Diagnostics;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.PyTorch;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Native;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Checkpoints;

public sealed class FileContentTests : IDisposable
{
    readonly TemporaryFolder folder = new();

    public FileContentTests() => NativeLibtorch.EnsureLoaded();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n", "a Git LFS pointer instead of the file; run 'git lfs pull'")]
    [InlineData("<!DOCTYPE html><html><body>Sign in</body></html>", "a web page")]
    [InlineData("\n<html>404</html>", "a web page")]
    [InlineData("Access to model stabilityai/x is restricted. You must be authenticated.", "a text that begins with 'Access to model")]
    [InlineData("GGUF\u0003\0\0\0", "a GGUF file")]
    [InlineData("", "empty; is the download complete?")]
    public void Open_OfSomethingElse_SaysWhatItIs(string content, string expected)
    {
        foreach (var name in (string[])["x.safetensors", "x.ckpt", "x.bin", "x"])
            Assert.Contains($"is {expected}", Assert.Throws<CheckpointException>(() => CheckpointFile.Open(folder.Write(name, content))).Message, StringComparison.Ordinal);
        if (!content.StartsWith("GGUF", StringComparison.Ordinal))
            Assert.Contains($"is {expected}", Assert.Throws<CheckpointException>(() => CheckpointJson.ReadObject(folder.Write("config.json", content), "a config")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x.ckpt")]
    [InlineData("x.pt")]
    [InlineData("x.bin")]
    public void Open_OfSafetensorsUnderAnotherName_ReadsThem(string name)
    {
        using var scope = NewDisposeScope();
        using var file = CheckpointFile.Open(folder.WriteTensors(name, ("a", ones(2))));
        Assert.IsType<SafetensorsFile>(file);
    }

    [Fact]
    public void Open_OfAPickleNamedSafetensors_ReadsIt()
    {
        using var file = CheckpointFile.Open(folder.Write("x.safetensors", PickleBuilder.Zip(PickleBuilder.StateDict(legacy: false, ("a", "0", 0, [2], [1])), ["0"])));
        Assert.IsType<PyTorchFile>(file);
    }

    [Fact]
    public void Open_OfWhatIsNoFile_NeitherWaitsNorReads()
    {
        var pipe = folder.Path("pipe.safetensors");
        using (var made = Process.Start("mkfifo", [pipe])) made.WaitForExit();
        foreach (var (path, what) in ((string, string)[])[(pipe, "a pipe or device"), ("/dev/zero", "a pipe or device"), (folder.Root, "a folder")])
            foreach (var open in (Action<string>[])[p => CheckpointFile.Open(p), p => SafetensorsFile.Open(p), p => PyTorchFile.Open(p), p => CheckpointJson.ReadObject(p, "x")])
                Assert.Contains(what, Assert.Throws<CheckpointException>(() => open(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\ufeff{ \"a\": 1 }\r\n")]
    [InlineData("{\r\n  \"a\": 1\r\n}")]
    public void ReadObject_OfWindowsText_ReadsIt(string text) => Assert.Equal(1, CheckpointJson.ReadObject(folder.Write("x.json", text), "x").GetProperty("a").GetInt32());

    [Fact]
    public void ReadObject_OfUtf16_SaysSo() => Assert.Contains("UTF-16",
        Assert.Throws<CheckpointException>(() => CheckpointJson.ReadObject(folder.Write("x.json", System.Text.Encoding.Unicode.GetBytes("\ufeff{}")), "x")).Message, StringComparison.Ordinal);

    [Fact]
    public void ReadObject_OfAHugeFile_DoesNotReadIt()
    {
        using (var file = File.Create(folder.Path("x.json"))) file.SetLength(1L << 34);
        Assert.Contains("expected at most", Assert.Throws<CheckpointException>(() => CheckpointJson.ReadObject(folder.Path("x.json"), "x")).Message, StringComparison.Ordinal);
    }
}
