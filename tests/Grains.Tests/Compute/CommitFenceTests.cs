using SpoActors.Grains.Compute;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Trainer.Runs;

namespace SpoActors.Grains.Tests.Compute;

public sealed class CommitFenceTests
{
    static readonly Guid Own = Guid.NewGuid(), Other = Guid.NewGuid();

    public static TheoryData<int, string?> Allowed => new() { { 0, null }, { 2, Other.ToString("n") }, { 3, Own.ToString("n") }, { 3, null } };

    [Theory]
    [MemberData(nameof(Allowed))]
    public void Ensure_AfterACommitOfAnOlderTrainerOrItsOwn_LetsItCommit(int number, string? nonce) => CommitFence.Ensure(Manifest(number, nonce), new TrainerEpoch(3, Own));

    [Fact]
    public void Ensure_InAFolderWithoutACommit_LetsItCommit() => CommitFence.Ensure(null, new TrainerEpoch(3, Own));

    [Fact]
    public void Ensure_AfterACommitOfANewerTrainer_Refuses() =>
        Assert.Contains("a commit of trainer epoch 4", Assert.Throws<PipelineException>(() => CommitFence.Ensure(Manifest(4, Own.ToString("n")), new TrainerEpoch(3, Own))).Message, StringComparison.Ordinal);

    [Fact]
    public void Ensure_AfterACommitOfAnotherTrainerOfThatNumber_Refuses() =>
        Assert.Contains(Other.ToString("n"), Assert.Throws<PipelineException>(() => CommitFence.Ensure(Manifest(3, Other.ToString("n")), new TrainerEpoch(3, Own))).Message, StringComparison.Ordinal);

    static RunManifest Manifest(int number, string? nonce) => new()
    {
        Configuration = "",
        NextRound = 0,
        Minibatches = 0,
        ConsumedPairs = 0,
        ConsumedDigest = "",
        Checkpoint = "",
        StateHash = "",
        AdapterHash = "",
        TrainerEpoch = number,
        TrainerNonce = nonce,
    };
}
