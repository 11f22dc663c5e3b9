using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Diffusers;

namespace SpoActors.Trainer.Tests.Checkpoints;

public sealed class FileManifestTests
{
    static TemporaryFolder Package()
    {
        var folder = new TemporaryFolder();
        folder.Write("model_index.json", """{"_class_name": "StableDiffusionPipeline"}""");
        folder.Write("unet/weights", "0123456789");
        folder.Write("vae/weights", "abcdef");
        FileManifest.Write(folder.Root);
        return folder;
    }

    [Fact]
    public void Check_WhenFolderIsWhole_FindsNothing()
    {
        using var folder = Package();
        Assert.Empty(FileManifest.Check(folder.Root, compareHashes: true));
    }

    [Fact]
    public void Check_WhenFilesAreMissingAndTruncated_NamesAll()
    {
        using var folder = Package();
        File.Delete(folder.Path("vae/weights"));
        folder.Write("unet/weights", "0123");
        Assert.Equal(["unet/weights is truncated: 4 of 10 bytes", "vae/weights is missing"], FileManifest.Check(folder.Root));
    }

    [Fact]
    public void Check_WhenOnlyTheContentDiffers_NeedsTheHashes()
    {
        using var folder = Package();
        folder.Write("vae/weights", "fedcba");
        Assert.Empty(FileManifest.Check(folder.Root));
        Assert.Equal(["vae/weights has another content"], FileManifest.Check(folder.Root, compareHashes: true));
    }

    [Fact]
    public void Check_WhenTheListItselfIsTruncated_SaysSo()
    {
        using var folder = Package();
        var list = FileManifest.FileName;
        folder.Write(list, File.ReadAllText(folder.Path(list))[..40]);
        Assert.Contains("Is the download complete?", Assert.Throws<CheckpointException>(() => FileManifest.Check(folder.Root)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Require_WhenAPackageIsHalfDownloaded_NamesEveryFile()
    {
        using var folder = Package();
        folder.Write("unet/weights", "");
        var message = Assert.Throws<CheckpointException>(() => DiffusersFolder.Open(folder.Root).Require([])).Message;
        Assert.Contains("unet/weights is truncated: 0 of 10 bytes", message, StringComparison.Ordinal);
    }
}
