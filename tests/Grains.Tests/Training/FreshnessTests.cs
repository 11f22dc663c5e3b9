using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Grains.Training;

namespace SpoActors.Grains.Tests.Training;

public sealed class FreshnessTests
{
    [Theory]
    [InlineData(0, 5, 5), InlineData(2, 5, 3), InlineData(2, 1, 0)]
    public void Ensure_WithinTheBound_Passes(int staleness, int round, int version) => Ensure(staleness, round, version, version);

    [Theory]
    [InlineData(0, 5, 4), InlineData(1, 5, 3), InlineData(1, 5, 6)]
    public void Ensure_BeyondTheBound_RefusesTheRound(int staleness, int round, int version)
    {
        var error = Assert.Throws<InvalidOperationException>(() => Ensure(staleness, round, version, version));
        Assert.Contains($"round {round} was sampled with adapter {version}", error.Message, StringComparison.Ordinal);
        Assert.Contains($"pipeline.staleness is {staleness}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Ensure_WhenAPoolComesFromAnotherAdapter_NamesIt()
    {
        var error = Assert.Throws<InvalidOperationException>(() => Ensure(staleness: 2, round: 5, version: 4, sampled: 3));
        Assert.Contains("run/5/0@1 was sampled with adapter 3 instead of 4", error.Message, StringComparison.Ordinal);
    }

    static void Ensure(int staleness, int round, int version, int sampled)
    {
        var worker = new WorkerId("a", "cpu:0", WorkerRole.Scorer);
        var lease = new ItemLease(
            new LeaseId(new ItemId("run", round, 0), 1), new AdapterReference(sampled, "", 0), [0], ["p"], [0], worker, worker, default, TimeSpan.Zero);
        Freshness.Ensure(round, staleness, new RoundWork(["p"], [lease.Id], version, 10), [new ScoredPoolMessage(lease, 0, 1, [], 1, [])]);
    }
}
