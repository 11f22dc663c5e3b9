using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Specification;

namespace SpoActors.Grains.Tests.Fakes;

/// <summary>What every run of the fake compute must end with.</summary>
static class RunEnd
{
    /// <summary>Waits for the run called "run": nothing was set aside, and adapter, digest and pairs are the sequential loop's.</summary>
    public static async Task<RunSnapshot> AssertEndsLikeTheSequentialLoopAsync(this PipelineCluster cluster, RunSpecification run)
    {
        var end = await cluster.FinishedAsync("run", TestContext.Current.CancellationToken);
        var expected = SequentialReference.Of(run, FakeRuns.Prompts());
        Assert.Empty(end.SetAside);
        Assert.Equal((expected.AdapterHash, expected.ConsumedDigest, expected.Pairs), (end.Adapter!.Hash, end.Totals.Digest, end.Totals.Pairs));
        return end;
    }
}
