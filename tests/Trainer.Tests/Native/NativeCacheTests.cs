using System.Runtime.Versioning;
using SpoActors.Trainer.Native;

namespace SpoActors.Trainer.Tests.Native;

[SupportedOSPlatform("linux")]
public sealed class NativeCacheTests : IDisposable
{
    const string Library = "lib.so", Own = "spoactors-test";
    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    static readonly byte[] Content = [1, 2, 3, 4];

    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    string Keep(params string[] roots) => NativeCache.Keep(roots.Select(r => (folder.Path(r), Own)), Library, Content);

    [Fact]
    public void Keep_InAnEmptyPlace_MakesFoldersForTheUserAlone()
    {
        var kept = Keep("cache");
        Assert.Equal(Content, File.ReadAllBytes(Path.Combine(kept, Library)));
        for (var parent = kept; !parent.EndsWith("cache", StringComparison.Ordinal); parent = Path.GetDirectoryName(parent)!)
            Assert.Equal(OwnerOnly, File.GetUnixFileMode(parent));
    }

    // The same length is not the same library.
    [Fact]
    public void Keep_WhenTheFileHasAnotherContent_ReplacesIt()
    {
        var file = Path.Combine(Keep("cache"), Library);
        File.WriteAllBytes(file, [9, 9, 9, 9]);
        Keep("cache");
        Assert.Equal(Content, File.ReadAllBytes(file));
    }

    [Fact]
    public void Keep_WhenTheFileIsALink_ReplacesIt()
    {
        var file = Path.Combine(Keep("cache"), Library);
        File.Delete(file);
        File.CreateSymbolicLink(file, folder.Write("theirs.so", Content));
        Keep("cache");
        Assert.Null(new FileInfo(file).LinkTarget);
    }

    [Fact]
    public void Keep_WhenOthersMayWriteToAFolder_TakesTheNextPlace()
    {
        Directory.CreateDirectory(folder.Path($"shared/{Own}"));
        File.SetUnixFileMode(folder.Path($"shared/{Own}"), OwnerOnly | UnixFileMode.OtherWrite);
        Assert.StartsWith(folder.Path("own"), Keep("shared", "own"), StringComparison.Ordinal);
    }

    [Fact]
    public void Keep_WhenTheFolderIsALink_TakesTheNextPlace()
    {
        Directory.CreateDirectory(folder.Path("elsewhere"));
        Directory.CreateDirectory(folder.Path("shared"));
        Directory.CreateSymbolicLink(folder.Path($"shared/{Own}"), folder.Path("elsewhere"));
        Assert.StartsWith(folder.Path("own"), Keep("shared", "own"), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path("elsewhere")));
    }

    [Fact]
    public void Keep_WhenTheRootLetsOthersRename_SaysWhatToDo()
    {
        Directory.CreateDirectory(folder.Path("open"));
        File.SetUnixFileMode(folder.Path("open"), OwnerOnly | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute);
        var error = Assert.Throws<IOException>(() => Keep("open")).Message;
        Assert.Contains($"others may replace the folders in '{folder.Path("open")}'", error, StringComparison.Ordinal);
        Assert.Contains("XDG_CACHE_HOME", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Keep_InAStickyFolder_IsSafe()
    {
        Directory.CreateDirectory(folder.Path("tmp"));
        File.SetUnixFileMode(folder.Path("tmp"), OwnerOnly | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute | UnixFileMode.StickyBit);
        Assert.StartsWith(folder.Path("tmp"), Keep("tmp"), StringComparison.Ordinal);
    }
}
