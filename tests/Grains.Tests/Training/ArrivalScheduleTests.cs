using CsCheck;
using SpoActors.Grains.Compute;
using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Grains.Ledger;
using SpoActors.Grains.Tests.Fakes;
using SpoActors.Grains.Training;
using SpoActors.Specification;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Method.Samples;

namespace SpoActors.Grains.Tests.Training;

/// <summary>
/// From lease to digest without a cluster: pools of many leases arrive in random order, twice, late or never; what is consumed is the same.
/// </summary>
public sealed class ArrivalScheduleTests
{
    const int Segments = 3;
    static readonly WorkerId Scorer = new("s", "cpu:0", WorkerRole.Scorer), Trainer = new("t", "cpu:0", WorkerRole.Trainer);

    static readonly Gen<Schedule> Schedules = Schedule.UpTo(samplers: 4, staleness: 2, rounds: 4, items: 5, spare: 6);

    [Fact]
    public void Pipeline_UnderAnySchedule_ConsumesWhatTheSequentialLoopConsumes() =>
        Schedules.Sample(s => Play(s, inOrder: true) == Sequential(s), iter: 300, threads: 1);

    /// <summary>The property can fail: a trainer that took pairs as they come would differ.</summary>
    [Fact]
    public void Pipeline_WithoutTheOrderOfIds_Differs()
    {
        var schedule = new Schedule(Seed: 7, Samplers: 4, Staleness: 1, Rounds: 4, Items: 5, Capacity: 10);
        Assert.NotEqual(Sequential(schedule), Play(schedule, inOrder: false));
    }

    static string Play(Schedule schedule, bool inOrder)
    {
        var random = new Random(schedule.Seed);
        var now = DateTimeOffset.UnixEpoch;
        var duration = TimeSpan.FromSeconds(10);
        var ledger = new RunLedger(
            new LedgerOptions { Staleness = schedule.Staleness, Capacity = schedule.Capacity, MaxBytes = long.MaxValue, MaxAttempts = 1000, LeaseDuration = duration },
            "run", _ => schedule.Items, schedule.Rounds, nextRound: 0, epochBase: 0, []);
        var assembly = new RoundAssembly();
        var arrivals = new List<ScoredPoolMessage>();
        var underWay = new List<ScoredPoolMessage>();
        var digest = new ConsumedDigest();
        for (int move = 0; !ledger.IsFinished; move++)
        {
            Assert.True(move < 200_000, "the schedule makes no progress");
            switch (random.Next(8))
            {
                case 0 or 1:
                    if (ledger.Lease(new WorkerId($"silo{random.Next(schedule.Samplers)}", "cpu:0", WorkerRole.Sampler), [], [Scorer], now) is { } lease)
                        underWay.AddRange(Enumerable.Range(0, Segments).Select(s => Pool(lease, ledger.VersionOf(lease.Item.Round), s)));
                    break;
                case 2 or 3 or 4 or 5:
                    if (underWay.Count == 0) break;
                    var pool = underWay[random.Next(underWay.Count)];
                    // One in four arrives and is sent again, one in eight is lost.
                    if (random.Next(4) != 0) underWay.Remove(pool);
                    if (random.Next(8) == 0) break;
                    var addition = assembly.Add(pool);
                    if (addition.IsNew) arrivals.Add(pool);
                    if (addition.Complete is { } complete) ledger.Scored(complete);
                    break;
                case 6:
                    now += duration / 4;
                    foreach (var overdue in ledger.Overdue(now)) ledger.Lost(overdue, "expired");
                    break;
                case 7:
                    if (random.Next(10) == 0) foreach (var lost in ledger.LeasesOf(Scorer)) ledger.Lost(lost, "scorer lost");
                    break;
            }
            if (ledger.CompleteRound() is not { } items) continue;
            var pools = inOrder ? [.. assembly.Pools(items).InOrder()] : arrivals.Where(p => items.Contains(p.Lease.Id)).ToArray();
            Freshness.Ensure(ledger.NextRound, schedule.Staleness, new RoundWork([], items, ledger.VersionOf(ledger.NextRound), schedule.Rounds), pools);
            Consume(digest, pools);
            ledger.Consume(ledger.NextRound);
            assembly.Forget(ledger.NextRound);
        }
        return digest.Value;
    }

    static string Sequential(Schedule schedule)
    {
        var digest = new ConsumedDigest();
        for (int round = 0; round < schedule.Rounds; round++)
            for (int item = 0; item < schedule.Items; item++)
                Consume(digest, Enumerable.Range(0, Segments).Select(s => Pool(new LeaseId(new ItemId("run", round, item), 0), Math.Max(0, round - schedule.Staleness), s)));
        return digest.Value;
    }

    static void Consume(ConsumedDigest digest, IEnumerable<ScoredPoolMessage> pools)
    {
        foreach (var pool in pools)
            foreach (var pair in pool.Samples)
                digest.Add(new SampleId(pool.Lease.Id.Item.Round, pool.Lease.Id.Item.Index, pair.Step, pair.PromptIndex), pair.Timestep, pair.Win.Candidate, pair.Lose!.Candidate);
    }

    /// <summary>What an item yields depends on its id and the adapter version alone.</summary>
    static ScoredPoolMessage Pool(LeaseId lease, int version, int segment)
    {
        var nothing = new TensorPayload(NumberType.Float32, [0], []);
        var item = lease.Item;
        var pair = new SamplePayload(
            segment, 0, 0, 1000 - segment, IsTie: false, Branch((item.Index + version) % 4), Branch((item.Index + version + segment + 1) % 4));
        return new ScoredPoolMessage(
            new ItemLease(lease, new AdapterReference(version, "", 0), [0], ["p"], [0], Scorer, Trainer, default, TimeSpan.Zero), segment, Segments, [], 1, [pair]);

        BranchPayload Branch(int candidate) => new(candidate, nothing, nothing, 0, null, null);
    }
}
