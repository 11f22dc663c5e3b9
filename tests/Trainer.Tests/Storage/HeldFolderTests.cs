using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Tests.Storage;

public sealed class HeldFolderTests
{
    [Fact]
    public void Share_ByTrainersOfOneOwner_LetsThemInTogether()
    {
        using var folder = new TemporaryFolder();
        using var first = HeldFolder.Share(folder.Path("run"), "cluster");
        using var second = HeldFolder.Share(folder.Path("run"), "cluster");
        Assert.Equal(first.Path, second.Path);
    }

    [Fact]
    public void Share_WhenAnotherOwnerIsThere_IsRefusedUntilItLeaves()
    {
        using var folder = new TemporaryFolder();
        using (HeldFolder.Share(folder.Path("run"), "one cluster"))
            Assert.Contains("is in use by another process", Assert.Throws<RunStateException>(() => HeldFolder.Share(folder.Path("run"), "another")).Message, StringComparison.Ordinal);
        HeldFolder.Share(folder.Path("run"), "another").Dispose();
    }

    [Fact]
    public void Share_WhenAProcessHoldsItAlone_IsRefusedAndTheOtherWayRound()
    {
        using var folder = new TemporaryFolder();
        HeldFolder.Share(folder.Path("run"), "cluster").Dispose();
        using (HeldFolder.Open(folder.Path("run"), resume: true)) Assert.Throws<RunStateException>(() => HeldFolder.Share(folder.Path("run"), "cluster"));
        using (HeldFolder.Share(folder.Path("run"), "cluster")) Assert.Throws<RunStateException>(() => HeldFolder.Open(folder.Path("run"), resume: true));
    }

    [Fact]
    public void Open_AfterNothingButSharing_FindsAnEmptyFolder()
    {
        using var folder = new TemporaryFolder();
        HeldFolder.Share(folder.Path("run"), "cluster").Dispose();
        using var held = HeldFolder.Open(folder.Path("run"), resume: false);
        Assert.False(held.IsResumed);
    }
}
