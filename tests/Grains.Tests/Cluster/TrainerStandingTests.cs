using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Grains.Tests.Fakes;

namespace SpoActors.Grains.Tests.Cluster;

/// <summary>What a run makes of a trainer's word, in whatever order it comes.</summary>
public sealed class TrainerStandingTests
{
    static readonly WorkerId Trainer = new("Silo_0", "cpu:9", WorkerRole.Trainer);

    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ready_WhenItComesAfterOneFromBeforeTheRound_IsBelieved()
    {
        // The grain has moved. The trainer says where it stands, and finds itself a round further before that has arrived.
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.Of(WorkerRole.Scorer));
        var (run, epoch) = await ClaimedAsync(cluster);
        await run.TrainerReadyAsync(Ready(epoch, 0), Token);
        var reply = await run.TrainerReadyAsync(Ready(epoch, 1), Token);
        Assert.Equal((TrainerStanding.Current, 1), (reply.Standing, (await cluster.SnapshotAsync("run")).NextRound));

        // But what is older changes nothing.
        await run.TrainerReadyAsync(Ready(epoch, 0), Token);
        Assert.Equal(1, (await cluster.SnapshotAsync("run")).NextRound);
    }

    [Fact]
    public async Task AwaitRound_WhenTheTrainerIsAheadOfTheLedger_AsksWhereItStands()
    {
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.Of(WorkerRole.Scorer));
        var (run, epoch) = await ClaimedAsync(cluster);
        await run.TrainerReadyAsync(Ready(epoch, 0), Token);
        var response = await run.AwaitRoundAsync(new RoundRequest(epoch, 1), Token);
        Assert.Equal(TrainerStanding.NeedsSync, response.Reply.Standing);
    }

    [Fact]
    public async Task Ready_OfATrainerWhoseLastRoundWasNotHeardOf_TellsItOnce()
    {
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.Of(WorkerRole.Scorer));
        var (run, epoch) = await ClaimedAsync(cluster);
        await run.TrainerReadyAsync(Ready(epoch, 0), Token);
        await run.TrainerReadyAsync(Ready(epoch, 1), Token);
        await run.TrainerReadyAsync(Ready(epoch, 1), Token);
        var events = await run.ReadEventsAsync(new ReadEvents(Protocol.Version, "", 0), Token);
        Assert.Single(events.Events, e => e is { Kind: "round", Text: "round 0" });
        Assert.Single(events.Events, e => e.Kind == "adapter");
    }

    static async Task<(IRunGrain Run, TrainerEpoch Epoch)> ClaimedAsync(PipelineCluster cluster)
    {
        await cluster.StartRunAsync("run", FakeRuns.Specification(), FakeRuns.Prompts());
        var claimed = await cluster.Run("run").ClaimTrainerAsync(new TrainerClaim(Trainer, null), Token);
        Assert.Equal(1, claimed.Epoch!.Value.Number);
        return (cluster.Run("run"), claimed.Epoch.Value);
    }

    static TrainerReady Ready(TrainerEpoch epoch, int round) =>
        new(Trainer, epoch, round, new ConsumedTotals(round, ""), [new AdapterReference(round, new string((char)('a' + round), 64), 1)], [], round > 0 ? $"round {round - 1}" : null);
}
