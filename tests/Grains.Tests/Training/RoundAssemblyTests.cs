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
        new ItemLease(new LeaseId(new ItemId("run", round, 0), epoch), new AdapterReference(0, "", 0), [0], ["p"], [0], Worker, Worker, default, TimeSpan.Zero),
        segment, PoolCount: 2, [], 1, []);

    [Fact]
    public void Add_WhenAllPoolsAreThere_IsComplete()
    {
        var assembly = new RoundAssembly();
        var additions = new[] { 1, 1, 0, 0 }.Select(s => assembly.Add(Pool(s))).ToArray();
        Assert.Equal([true, false, true, false], additions.Select(a => a.IsNew));
        Assert.Equal([false, false, true, true], additions.Select(a => a.Complete is not null));
    }

    [Fact]
    public void Add_OfANewerLease_ReplacesAPartialOneAndDropsTheZombies()
    {
        var assembly = new RoundAssembly();
        assembly.Add(Pool(0, epoch: 1));
        Assert.True(assembly.Add(Pool(0, epoch: 2)).IsNew);
        Assert.False(assembly.Add(Pool(1, epoch: 1)).IsNew);
        Assert.Equal(2, assembly.Add(Pool(1, epoch: 2)).Complete!.Value.Epoch);
    }

    [Fact]
    public void Add_AfterTheItemIsComplete_ChangesNothingAndNamesTheLeaseThatCounts()
    {
        var assembly = new RoundAssembly();
        assembly.Add(Pool(0));
        assembly.Add(Pool(1));
        var late = assembly.Add(Pool(0, epoch: 9));
        Assert.False(late.IsNew);
        Assert.Equal(1, late.Complete!.Value.Epoch);
        Assert.Equal(1, Assert.Single(assembly.Complete()).Epoch);
    }

    [Fact]
    public void Add_ForAConsumedRound_IsDropped()
    {
        var assembly = new RoundAssembly();
        assembly.Forget(beforeRound: 1);
        Assert.Equal(default, assembly.Add(Pool(0)));
    }
}
