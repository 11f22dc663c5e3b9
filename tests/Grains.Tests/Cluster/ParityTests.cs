using CsCheck;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Tests.Fakes;

namespace SpoActors.Grains.Tests.Cluster;

/// <summary>The pipeline ends where the sequential loop ends, whatever the cluster looks like.</summary>
public sealed class ParityTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<int, int> Cases { get; } = new() { { 1, 0 }, { 2, 0 }, { 4, 0 }, { 1, 1 }, { 2, 1 }, { 4, 2 } };

    [Theory, MemberData(nameof(Cases))]
    public async Task Run_WithAnyNumberOfSamplers_EndsLikeTheSequentialLoop(int samplers, int staleness)
    {
        var run = FakeRuns.Specification(staleness);
        await using var cluster = await PipelineCluster.StartAsync(null, SiloPart.Of(WorkerRole.Trainer, WorkerRole.Scorer), SiloPart.Samplers(samplers));
        await cluster.StartRunAsync("run", run, FakeRuns.Prompts());
        var end = await cluster.FinishedAsync("run", Token);
        var expected = SequentialReference.Of(run, FakeRuns.Prompts());
        Assert.Equal((expected.AdapterHash, expected.ConsumedDigest, expected.Pairs), (end.Adapter!.Hash, end.Totals.Digest, end.Totals.Pairs));
    }

    [Fact]
    public async Task Run_OnThreeSilosUnderRandomDelaysAndCapacities_EndsLikeTheSequentialLoop()
    {
        var delays = new RandomDelays();
        await using var cluster = await PipelineCluster.StartAsync(
            delays.Behaviour, SiloPart.Of(WorkerRole.Trainer), SiloPart.Samplers(3), SiloPart.Of(WorkerRole.Scorer));
        var prompts = FakeRuns.Prompts(12);
        var schedules =
            from seed in Gen.Int[0, int.MaxValue]
            from staleness in Gen.Int[0, 2]
            from pools in Gen.Int[1, 4]
            from spare in Gen.Int[0, 6]
            select (seed, staleness, pools, spare);
        var index = 0;
        foreach (var (seed, staleness, pools, spare) in schedules.Array[20].Single())
        {
            delays.Seed = seed;
            var run = FakeRuns.Specification(staleness, rounds: 3, perRound: 4, pairCapacity: 2 + spare, poolCapacity: pools) with { Seed = (ulong)seed };
            var id = $"run{index++}";
            await cluster.StartRunAsync(id, run, prompts);
            var end = await cluster.FinishedAsync(id, Token);
            var expected = SequentialReference.Of(run, prompts);
            Assert.True(
                (expected.AdapterHash, expected.ConsumedDigest) == (end.Adapter!.Hash, end.Totals.Digest),
                $"seed {seed}, staleness {staleness}, pool capacity {pools}, pair capacity {2 + spare}");
        }
    }

    /// <summary>Shuffles arrivals: stages take turns of random length.</summary>
    sealed class RandomDelays
    {
        int calls;

        public int Seed { get; set; }

        public FakeBehaviour Behaviour => new() { OnSample = (_, _) => Wait(), OnScore = _ => Wait() };

        void Wait()
        {
            using var never = new ManualResetEventSlim();
            never.Wait(TimeSpan.FromMilliseconds(new Random(HashCode.Combine(Seed, Interlocked.Increment(ref calls))).Next(4)));
        }
    }
}
