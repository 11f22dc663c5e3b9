using System.Text;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Tests.Storage;

public sealed class AtomicFileTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("spo-atomic").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Write_WhenItSucceeds_ReplacesTheFileAndReturnsItsHash()
    {
        var path = Path.Combine(folder, "state");
        AtomicFile.Write(path, Encoding.UTF8.GetBytes("old"));
        var hash = AtomicFile.Write(path, Encoding.UTF8.GetBytes("new"));
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal(AtomicFile.Hash(path), hash);
        Assert.Single(Directory.GetFiles(folder));
    }

    [Fact]
    public void Write_WhenTheDiskFillsHalfway_KeepsTheOldFileAndLeavesNothingBehind()
    {
        var path = Path.Combine(folder, "state");
        AtomicFile.Write(path, Encoding.UTF8.GetBytes("old"));
        Assert.Throws<IOException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write(new byte[1 << 16]);
            throw new IOException("No space left on device");
        }));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.GetFiles(folder));
    }
}
