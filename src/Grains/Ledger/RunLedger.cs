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
    readonly SortedDictionary<ItemId, ItemEntry> open = [];
    readonly Dictionary<ItemId, string> setAside;
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
    public ItemState? this[ItemId item] => open.GetValueOrDefault(item)?.State;

    /// <summary>Items given up, with their errors.</summary>
    public IReadOnlyDictionary<ItemId, string> SetAside => setAside;

    /// <summary>Adapter version that a round is sampled with.</summary>
    public int VersionOf(int round) => Math.Max(0, round - options.Staleness);

    /// <summary>Leases the first pending item; null if none may be leased now.</summary>
    /// <param name="owner">Samples it.</param>
    /// <param name="scorer">Scores it.</param>
    /// <param name="now">The lease begins.</param>
    /// <param name="itemBytes">Bytes of an item's pairs at the trainer.</param>
    /// <remarks>
    /// The round that is trained on next must come together at the trainer, so bytes hold back only what runs ahead of it.
    /// </remarks>
    public LeaseId? Lease(WorkerId owner, WorkerId scorer, DateTimeOffset now, long itemBytes = 0)
    {
        var underway = Count<ItemState.Leased>() + Count<ItemState.Scored>();
        if (underway >= options.Capacity) return null;
        foreach (var (item, entry) in open)
        {
            if (entry.State is not ItemState.Pending) continue;
            if (item.Round > NextRound && (underway + 1) * itemBytes > options.MaxBytes) return null;
            var lease = new LeaseId(item, ++lastEpoch);
            open[item] = entry with { State = new ItemState.Leased(owner, scorer, lease.Epoch, now + options.LeaseDuration) };
            return lease;
        }
        return null;
    }

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
            return true;
        }
        DuplicatesDropped++;
        return false;
    }

    /// <summary>An execution failed by the item's own fault.</summary>
    /// <returns>Whether the item is now set aside.</returns>
    public bool Failed(LeaseId lease, string error)
    {
        if (Current(lease) is null) return false;
        Failures++;
        var entry = open[lease.Item];
        return GiveBack(lease.Item, entry with { Failures = entry.Failures + 1 }, error);
    }

    /// <summary>An execution was lost without being the item's fault.</summary>
    /// <returns>Whether the item is now set aside.</returns>
    public bool Lost(LeaseId lease, string reason)
    {
        if (Current(lease) is null) return false;
        Expired++;
        var entry = open[lease.Item];
        return GiveBack(lease.Item, entry with { Losses = entry.Losses + 1 }, reason);
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
    public IReadOnlyList<LeaseId> Overdue(DateTimeOffset now) => Leases(l => l.Expiry <= now);

    /// <summary>The leases that a worker samples or scores.</summary>
    public IReadOnlyList<LeaseId> LeasesOf(WorkerId worker) => Leases(l => l.Owner == worker || l.Scorer == worker);

    /// <summary>The items of the next round, in order, if all have arrived or were set aside; else null.</summary>
    public IReadOnlyList<LeaseId>? CompleteRound()
    {
        if (IsFinished) return null;
        var items = new List<LeaseId>();
        foreach (var (item, entry) in open.TakeWhile(e => e.Key.Round == NextRound))
        {
            if (entry.State is ItemState.Scored scored) items.Add(new LeaseId(item, scored.Epoch));
            else if (entry.State is not ItemState.SetAside) return null;
        }
        return items;
    }

    /// <summary>The next round has been trained on: its items are consumed, and another round opens.</summary>
    /// <exception cref="InvalidOperationException">It was not complete.</exception>
    public void Consume(int round)
    {
        if (round != NextRound || CompleteRound() is null)
            throw new InvalidOperationException($"round {round} cannot be consumed: the next one is {NextRound}, complete: {CompleteRound() is not null}");
        for (int i = 0; i < itemsOf(round); i++) open.Remove(new ItemId(run, round, i));
        NextRound++;
        OpenRounds();
    }

    /// <summary>The oldest adapter version that items in a state are sampled with; null if there are none.</summary>
    public int? OldestVersion<TState>() where TState : ItemState
    {
        foreach (var (item, entry) in open)
            if (entry.State is TState) return VersionOf(item.Round);
        return null;
    }

    /// <summary>Items of the open rounds in a state.</summary>
    public int Count<TState>() where TState : ItemState => open.Values.Count(e => e.State is TState);

    ItemState.Leased? Current(LeaseId lease) => this[lease.Item] is ItemState.Leased leased && leased.Epoch == lease.Epoch ? leased : null;

    void Set(ItemId item, ItemState state) => open[item] = open[item] with { State = state };

    bool GiveBack(ItemId item, ItemEntry entry, string error)
    {
        var isPoison = entry.Failures >= options.MaxAttempts || entry.Losses >= options.MaxLosses;
        if (isPoison) setAside[item] = error;
        open[item] = entry with { State = isPoison ? new ItemState.SetAside(error) : new ItemState.Pending() };
        return isPoison;
    }

    IReadOnlyList<LeaseId> Leases(Func<ItemState.Leased, bool> which) =>
        [.. open.Where(e => e.Value.State is ItemState.Leased l && which(l)).Select(e => new LeaseId(e.Key, ((ItemState.Leased)e.Value.State).Epoch))];

    /// <summary>A round is open once the adapter version it is sampled with is published.</summary>
    void OpenRounds()
    {
        for (; openRounds < roundCount && openRounds <= NextRound + options.Staleness; openRounds++)
            for (int i = 0; i < itemsOf(openRounds); i++)
            {
                var item = new ItemId(run, openRounds, i);
                open[item] = setAside.TryGetValue(item, out var error) ? ItemEntry.New with { State = new ItemState.SetAside(error) } : ItemEntry.New;
            }
    }
}
