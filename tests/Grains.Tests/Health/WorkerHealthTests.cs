using SpoActors.Grains.Health;
using SpoActors.Grains.Interfaces.Identity;

namespace SpoActors.Grains.Tests.Health;

public sealed class WorkerHealthTests
{
    static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    static readonly WorkerId Worker = new("a", "cuda:0", WorkerRole.Sampler);

    readonly WorkerHealth health = new(new HealthOptions());

    [Fact]
    public void Failed_OnOneItemAlone_NeverQuarantines()
    {
        for (var i = 0; i < 10; i++) Assert.False(health.Failed(Worker, Item(0), "poison", Start));
        Assert.Null(health.Find(Worker));
    }

    [Fact]
    public void Failed_Once_GivesAMomentsRest()
    {
        health.Failed(Worker, Item(0), "error", Start);
        Assert.Equal(WorkerFitness.Resting, health.Fitness(Worker, Start));
        Assert.Equal(WorkerFitness.Well, health.Fitness(Worker, Start.AddSeconds(1)));
    }

    [Fact]
    public void Failed_OnSeveralItemsInARow_QuarantinesAndThenProves()
    {
        Assert.Equal([false, false, true], Enumerable.Range(0, 3).Select(i => health.Failed(Worker, Item(i), $"error {i}", Start)));
        Assert.Equal(("error 2", Start.AddSeconds(10)), (health.Find(Worker)!.Reason, health.Find(Worker)!.Until));
        Assert.Equal(WorkerFitness.Resting, health.Fitness(Worker, Start.AddSeconds(9)));
        Assert.Equal(WorkerFitness.OnProbation, health.Fitness(Worker, Start.AddSeconds(10)));
        Assert.True(health.Succeeded(Worker));
        Assert.Equal(WorkerFitness.Well, health.Fitness(Worker, Start));
    }

    [Fact]
    public void Failed_ByTheDevicesOwnWord_NeedsNoOtherItem()
    {
        Assert.Equal([false, false, true], Enumerable.Range(0, 3).Select(_ => health.Failed(Worker, null, "CUDA error", Start)));
    }

    [Fact]
    public void Failed_OnProbation_QuarantinesTwiceAsLong()
    {
        health.Hung(Worker, "no result", Start);
        var probation = Start.AddSeconds(10);
        Assert.True(health.Failed(Worker, null, "again", probation));
        Assert.Equal(probation.AddSeconds(20), health.Find(Worker)!.Until);
    }

    [Fact]
    public void Failed_ForEver_IsHopelessAndNeverRestsLongerThanTheLongest()
    {
        var now = Start;
        for (var i = 0; i < 60; i++)
        {
            health.Failed(Worker, null, "dead", now);
            Assert.Equal(i >= 4, health.IsHopeless(Worker));
            Assert.True(health.Find(Worker) is not { } quarantine || quarantine.Until - now <= TimeSpan.FromMinutes(10));
            now = health.Find(Worker)?.Until ?? now;
        }
    }

    [Fact]
    public void Succeeded_InBetween_StartsTheCountAnew()
    {
        for (var i = 0; i < 20; i++)
        {
            Assert.False(health.Failed(Worker, Item(2 * i), "error", Start));
            Assert.False(health.Failed(Worker, Item(2 * i + 1), "error", Start));
            Assert.False(health.Succeeded(Worker));
        }
    }

    static ItemId Item(int index) => new("run", 0, index);
}
