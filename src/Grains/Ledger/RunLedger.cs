using SpoActors.Grains.Interfaces.Identity;

namespace SpoActors.Grains.Ledger;

/// <summary>
/// Who works on what, and what is done: a pure state machine over the items of the open rounds.
/// <code>
/// Pending ──lease──► Leased ──all pairs at the trainer──► Scored ──round trained──► consumed (round &lt; NextRound)
///    ▲                 │ fail, expire, lost
///    └─────────────────┴──(too often)──► SetAside
/// </code>
/// </summary>
/// <remarks>
/// Delivery is at least once, the effect exactly once: each item of a round is consumed with one lease, whatever arrives late or twice.
/// Round r is sampled with adapter version max(0, r - staleness), always: what is computed then depends on nothing but the
/// configuration, and the pairs consumed in round r are at most <c>staleness</c> rounds old.
/// </remarks>
public sealed class RunLedger
{
    readonly LedgerOptions options;
    readonly string run;
    readonly Func<int, int> itemsOf;
    readonly int roundCount;
    readonly LedgerIndex open = new();
    readonly Dictionary<ItemId, string> setAside;
    ItemId? lastDone;
    long lastEpoch;
    int openRounds;

    /// <param name="run">Id of the run.</param>
    /// <param name="itemsOf">Items of a round.</param>
    /// <param name="roundCount">Rounds of the run.</param>
    /// <param name="nextRound">The round trained on next: everything before it is consumed.</param>
    /// <param name="epochBase">Lease epochs start above it; greater than any epoch given out before.</param>
    /// <param name="setAside">Items given up earlier.</param>
    public RunLedger(
        LedgerOptions options, string run, Func<int, int> itemsOf, int roundCount, int nextRound, long epochBase,
        IEnumerable<KeyValuePair<ItemId, string>> setAside)
    {
        (this.options, this.run, this.itemsOf, this.roundCount) = (options, run, itemsOf, roundCount);
        (NextRound, openRounds, lastEpoch) = (nextRound, nextRound, epochBase);
        this.setAside = new(setAside);
        OpenRounds();
    }

    /// <summary>The round that is trained on next, and the newest adapter version.</summary>
    public int NextRound { get; private set; }

    /// <summary>Leases that ended without a result.</summary>
    public long Expired { get; private set; }

    /// <summary>Results dropped because they were late or came twice.</summary>
    public long DuplicatesDropped { get; private set; }

    /// <summary>Failed executions.</summary>
    public long Failures { get; private set; }

    /// <summary>Whether all rounds are consumed.</summary>
    public bool IsFinished => NextRound >= roundCount;

    /// <summary>The state of an item of an open round; null for any other.</summary>
    public ItemState? this[ItemId item] => open[item]?.State;

    /// <summary>Items given up, with their errors.</summary>
    public IReadOnlyDictionary<ItemId, string> SetAside => setAside;

    /// <summary>Adapter version that a round is sampled with.</summary>
    public int VersionOf(int round) => Math.Max(0, round - options.Staleness);

    /// <summary>Leases the first item that waits and is for this worker; null if there is none now.</summary>
    /// <param name="owner">Samples it.</param>
    /// <param name="samplers">All workers that might sample it soon: an item that failed on some of them is for the others.</param>
    /// <param name="scorers">Who might score it, the best first; the first on which it has not failed does.</param>
    /// <param name="now">The lease begins.</param>
    /// <param name="itemBytes">Bytes of an item's pairs at the trainer.</param>
    /// <remarks>
    /// The round that is trained on next must come together at the trainer, so bytes hold back only what runs ahead of it.
    /// </remarks>
    public LeaseId? Lease(WorkerId owner, IEnumerable<WorkerId> samplers, IReadOnlyList<WorkerId> scorers, DateTimeOffset now, long itemBytes = 0)
    {
        var underway = open.Leased.Count + open.ScoredCount;
        if (underway >= options.Capacity || scorers.Count == 0) return null;
        foreach (var item in open.Pending)
        {
            if (item.Round > NextRound && (underway + 1) * itemBytes > options.MaxBytes) return null;
            var entry = open[item]!;
            if (entry.FailedOn.Contains(owner) && samplers.Any(s => !entry.FailedOn.Contains(s))) continue;
            var scorer = entry.FailedOn.Count == 0 ? scorers[0] : scorers.FirstOrDefault(s => !entry.FailedOn.Contains(s)) ?? scorers[0];
            var lease = new LeaseId(item, ++lastEpoch);
            Set(item, new ItemState.Leased(owner, scorer, lease.Epoch, now, now + options.LeaseDuration));
            return lease;
        }
        return null;
    }

    /// <summary>
    /// Another execution of an item that has been done, with which a worker shows that it is well; null if none has been done yet. Its
    /// result is not wanted, and any adapter will do.
    /// </summary>
    public LeaseId? Probe() => lastDone is { } item ? new LeaseId(item, ++lastEpoch) : null;

    /// <summary>Whoever holds a part of a leased item keeps the lease alive.</summary>
    /// <returns>False if the lease is lost, or its item has arrived: nothing more is wanted of it.</returns>
    public bool Renew(LeaseId lease, DateTimeOffset now)
    {
        if (Current(lease) is not { } leased) return false;
        Set(lease.Item, leased with { Expiry = now + options.LeaseDuration });
        return true;
    }

    /// <summary>All pairs of an item are at the trainer.</summary>
    /// <returns>False if that was known, or is not wanted any more.</returns>
    /// <remarks>
    /// The first complete result counts, even of a lease that has been lost and given out again: it is the same result, and the trainer,
    /// which holds it, takes no other. The newer lease is void then.
    /// </remarks>
    public bool Scored(LeaseId lease)
    {
        if (this[lease.Item] is ItemState.Pending or ItemState.Leased)
        {
            Set(lease.Item, new ItemState.Scored(lease.Epoch));
            lastDone = lease.Item;
            return true;
        }
        DuplicatesDropped++;
        return false;
    }

    /// <summary>An execution failed by what may be the item's own fault.</summary>
    /// <param name="lease">The execution.</param>
    /// <param name="worker">On which worker.</param>
    /// <param name="peers">Workers of that role there are: an item is given up only when it failed on several, or on all there are.</param>
    /// <param name="error">What happened.</param>
    /// <returns>Whether the item is now set aside.</returns>
    public bool Failed(LeaseId lease, WorkerId worker, int peers, string error)
    {
        if (Current(lease) is null) return false;
        Failures++;
        var entry = open[lease.Item]!;
        WorkerId[] failedOn = entry.FailedOn.Contains(worker) ? [.. entry.FailedOn] : [.. entry.FailedOn, worker];
        entry = entry with { Failures = entry.Failures + 1, FailedOn = failedOn };
        var isPoison = entry.Failures >= options.MaxAttempts && failedOn.Count(w => w.Role == worker.Role) >= Math.Min(options.MaxAttempts, Math.Max(1, peers));
        return GiveBack(lease.Item, entry, isPoison, error);
    }

    /// <summary>An execution was lost without being the item's fault.</summary>
    /// <returns>Whether the item is now set aside.</returns>
    public bool Lost(LeaseId lease, string reason)
    {
        if (Current(lease) is null) return false;
        Expired++;
        var entry = open[lease.Item]!;
        entry = entry with { Losses = entry.Losses + 1 };
        return GiveBack(lease.Item, entry, entry.Losses >= options.MaxLosses, reason);
    }

    /// <summary>An execution ended without a result, its worker being well: the item is pending again, and nothing is held against it.</summary>
    /// <returns>False if the lease was no longer valid.</returns>
    public bool Return(LeaseId lease)
    {
        if (Current(lease) is null) return false;
        Expired++;
        Set(lease.Item, new ItemState.Pending());
        return true;
    }

    /// <summary>The leases that have run out.</summary>
    public IReadOnlyList<LeaseId> Overdue(DateTimeOffset now) => Leases(open.Leased, l => l.Expiry <= now);

    /// <summary>The leases that began before a moment, however often they have been renewed.</summary>
    public IReadOnlyList<LeaseId> OlderThan(DateTimeOffset moment) => Leases(open.Leased, l => l.Since <= moment);

    /// <summary>The leases that a worker samples or scores.</summary>
    public IReadOnlyList<LeaseId> LeasesOf(WorkerId worker) => Leases(open.HeldBy(worker), _ => true);

    /// <summary>How many leases a worker samples or scores.</summary>
    public int LeaseCountOf(WorkerId worker) => open.HeldBy(worker).Count;

    /// <summary>The items of the next round, in order, if all have arrived or were set aside; else null.</summary>
    public IReadOnlyList<LeaseId>? CompleteRound()
    {
        if (IsFinished || open.Of(NextRound).Unfinished > 0) return null;
        return [.. ItemsOf(NextRound).Where(i => open[i]!.State is ItemState.Scored).Select(i => new LeaseId(i, ((ItemState.Scored)open[i]!.State).Epoch))];
    }

    /// <summary>Share of a round's items that were set aside, 0 to 1.</summary>
    public double SetAsideShare(int round) => open.Of(round) is { Total: > 0 } counts ? (double)counts.SetAside / counts.Total : 0;

    /// <summary>The next round has been trained on: its items are consumed, and another round opens.</summary>
    /// <exception cref="InvalidOperationException">It was not complete.</exception>
    public void Consume(int round)
    {
        if (round != NextRound || CompleteRound() is null)
            throw new InvalidOperationException($"round {round} cannot be consumed: the next one is {NextRound}, complete: {CompleteRound() is not null}");
        foreach (var item in ItemsOf(round)) open.Remove(item);
        NextRound++;
        OpenRounds();
    }

    /// <summary>The oldest adapter version that items are being sampled or scored with; null if there are none.</summary>
    public int? OldestLeasedVersion => VersionOf(open.OldestRound(c => c.Leased));

    /// <summary>The oldest adapter version of items that wait to be trained on; null if there are none.</summary>
    public int? OldestScoredVersion => VersionOf(open.OldestRound(c => c.Scored));

    /// <summary>Items of the open rounds that wait.</summary>
    public int PendingCount => open.Pending.Count;

    /// <summary>Items that somebody works on.</summary>
    public int LeasedCount => open.Leased.Count;

    /// <summary>Items that the trainer holds.</summary>
    public int ScoredCount => open.ScoredCount;

    int? VersionOf(int? round) => round is { } r ? VersionOf(r) : null;

    ItemState.Leased? Current(LeaseId lease) => this[lease.Item] is ItemState.Leased leased && leased.Epoch == lease.Epoch ? leased : null;

    void Set(ItemId item, ItemState state) => open.Set(item, open[item]! with { State = state });

    bool GiveBack(ItemId item, ItemEntry entry, bool isPoison, string error)
    {
        if (isPoison) setAside[item] = error;
        open.Set(item, entry with { State = isPoison ? new ItemState.SetAside(error) : new ItemState.Pending() });
        return isPoison;
    }

    IReadOnlyList<LeaseId> Leases(IEnumerable<ItemId> of, Func<ItemState.Leased, bool> which) =>
        [.. of.Select(i => (Item: i, Lease: (ItemState.Leased)open[i]!.State)).Where(l => which(l.Lease)).Select(l => new LeaseId(l.Item, l.Lease.Epoch))];

    IEnumerable<ItemId> ItemsOf(int round) => Enumerable.Range(0, itemsOf(round)).Select(i => new ItemId(run, round, i));

    /// <summary>A round is open once the adapter version it is sampled with is published.</summary>
    void OpenRounds()
    {
        for (; openRounds < roundCount && openRounds <= NextRound + options.Staleness; openRounds++)
            foreach (var item in ItemsOf(openRounds))
                open.Set(item, setAside.TryGetValue(item, out var error) ? ItemEntry.New with { State = new ItemState.SetAside(error) } : ItemEntry.New);
    }
}
