using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Training;

namespace SpoActors.Grains.Tests.Training;

public sealed class RoundAssemblyTests
{
    static readonly WorkerId Worker = new("a", "cpu:0", WorkerRole.Scorer);

    static ScoredPoolMessage Pool(int segment, long epoch = 1, int round = 0) => new(
        new ItemLease(new LeaseId(new ItemId("run", round, 0), epoch), new AdapterReference(0, "", 0), [0], ["p"], Worker, Worker, 1, TimeSpan.Zero),
        segment, PoolCount: 2, [], 1, []);

    [Fact]
    public void Add_WhenAllPoolsAreThere_IsComplete()
    {
        var assembly = new RoundAssembly();
        Assert.Equal([Addition.Partial, Addition.Dropped, Addition.Complete, Addition.Complete], [.. new[] { 1, 1, 0, 0 }.Select(s => assembly.Add(Pool(s)))]);
    }

    [Fact]
    public void Add_OfANewerLease_ReplacesAPartialOneAndDropsTheZombies()
    {
        var assembly = new RoundAssembly();
        assembly.Add(Pool(0, epoch: 1));
        Assert.Equal(Addition.Partial, assembly.Add(Pool(0, epoch: 2)));
        Assert.Equal(Addition.Dropped, assembly.Add(Pool(1, epoch: 1)));
        Assert.Equal(Addition.Complete, assembly.Add(Pool(1, epoch: 2)));
    }

    [Fact]
    public void Add_AfterTheItemIsComplete_ChangesNothing()
    {
        var assembly = new RoundAssembly();
        assembly.Add(Pool(0));
        assembly.Add(Pool(1));
        Assert.Equal(Addition.Dropped, assembly.Add(Pool(0, epoch: 9)));
        Assert.Equal(1, Assert.Single(assembly.Complete()).Epoch);
    }

    [Fact]
    public void Add_ForAConsumedRound_IsDropped()
    {
        var assembly = new RoundAssembly();
        assembly.Forget(beforeRound: 1);
        Assert.Equal(Addition.Dropped, assembly.Add(Pool(0)));
    }
}
