using System.Security.Cryptography;
using System.Text;
using CsCheck;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Ledger;
using SpoActors.Grains.Tests.Fakes;

namespace SpoActors.Grains.Tests.Ledger;

/// <summary>Whatever happens to leases, the rounds are consumed whole, once, in order, and with the same version.</summary>
public sealed class LedgerScheduleTests
{
    const string Run = "run";
    static readonly TimeSpan Duration = TimeSpan.FromSeconds(10);
    static readonly WorkerId Scorer = new("s", "cpu:0", WorkerRole.Scorer);

    static readonly Gen<Schedule> Schedules = Schedule.UpTo(samplers: 5, staleness: 3, rounds: 6, items: 7, spare: 10);

    [Fact]
    public void Ledger_UnderAnySchedule_ConsumesEveryItemOnceAndInOrder() =>
        Schedules.Sample(s => Play(s) == Expected(s), iter: 400, threads: 1);

    /// <summary>Plays a random schedule: shuffled arrivals, duplicates, expiries, failures, lost workers, restarts.</summary>
    static string Play(Schedule schedule)
    {
        var random = new Random(schedule.Seed);
        var now = DateTimeOffset.UnixEpoch;
        var options = new LedgerOptions { Staleness = schedule.Staleness, Capacity = schedule.Capacity, MaxBytes = random.Next(2 * schedule.Items), MaxAttempts = 1000, LeaseDuration = Duration };
        long incarnation = 0;
        var ledger = New(0);
        var consumed = new List<string>();
        var inFlight = new List<LeaseId>();
        var finishedBefore = new List<LeaseId>();
        for (int move = 0; !ledger.IsFinished; move++)
        {
            Assert.True(move < 200_000, "the schedule makes no progress");
            switch (random.Next(12))
            {
                case 0 or 1 or 2 or 3:
                    if (ledger.Lease(Sampler(random.Next(schedule.Samplers)), Samplers(schedule), [Scorer], now, itemBytes: 1) is { } lease)
                    {
                        Assert.InRange(lease.Item.Round - ledger.NextRound, 0, schedule.Staleness);
                        Assert.InRange(ledger.VersionOf(lease.Item.Round), lease.Item.Round - schedule.Staleness, ledger.NextRound);
                        inFlight.Add(lease);
                    }
                    break;
                case 4 or 5 or 6:
                    if (inFlight.Count == 0) break;
                    var arrived = inFlight[random.Next(inFlight.Count)];
                    inFlight.Remove(arrived);
                    finishedBefore.Add(arrived);
                    ledger.Scored(arrived);
                    break;
                case 7:
                    if (finishedBefore.Count > 0) ledger.Scored(finishedBefore[random.Next(finishedBefore.Count)]);
                    break;
                case 8:
                    now += random.Next(3) * Duration / 2;
                    foreach (var overdue in ledger.Overdue(now)) ledger.Lost(overdue, "expired");
                    break;
                case 9:
                    if (inFlight.Count > 0) ledger.Failed(inFlight[random.Next(inFlight.Count)], Sampler(random.Next(schedule.Samplers)), schedule.Samplers, "failed");
                    break;
                case 10:
                    foreach (var lost in ledger.LeasesOf(Sampler(random.Next(schedule.Samplers)))) ledger.Lost(lost, "worker lost");
                    break;
                case 11:
                    if (random.Next(20) == 0) ledger = New(ledger.NextRound);
                    break;
            }
            if (ledger.CompleteRound() is not { } items) continue;
            Assert.Equal(schedule.Items, items.Count);
            consumed.AddRange(items.Select(i => $"{i.Item}:{ledger.VersionOf(ledger.NextRound)}"));
            ledger.Consume(ledger.NextRound);
        }
        return Digest(consumed);

        RunLedger New(int nextRound) => new(options, Run, _ => schedule.Items, schedule.Rounds, nextRound, ++incarnation << 32, []);
    }

    static string Expected(Schedule s) => Digest(
        from round in Enumerable.Range(0, s.Rounds)
        from item in Enumerable.Range(0, s.Items)
        select $"{new ItemId(Run, round, item)}:{Math.Max(0, round - s.Staleness)}");

    static string Digest(IEnumerable<string> consumed) => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join(' ', consumed))));

    static WorkerId[] Samplers(Schedule schedule) => [.. Enumerable.Range(0, schedule.Samplers).Select(Sampler)];

    static WorkerId Sampler(int index) => new($"silo{index}", "cpu:0", WorkerRole.Sampler);
}
