using SpoActors.Grains.Interfaces.Identity;

namespace SpoActors.Grains.Ledger;

/// <summary>
/// The items of the open rounds with what the ledger asks of them often, kept up to date: what dispatch costs does not depend on how many
/// items, workers and rounds there are.
/// </summary>
sealed class LedgerIndex
{
    readonly SortedDictionary<ItemId, ItemEntry> entries = [];
    readonly SortedSet<ItemId> pending = [], leased = [];
    readonly Dictionary<WorkerId, SortedSet<ItemId>> held = [];
    readonly Dictionary<int, RoundCounts> rounds = [];

    /// <summary>Items that wait, in their order.</summary>
    public IReadOnlyCollection<ItemId> Pending => pending;

    /// <summary>Items that somebody works on, in their order.</summary>
    public IReadOnlyCollection<ItemId> Leased => leased;

    /// <summary>Items that the trainer holds.</summary>
    public int ScoredCount { get; private set; }

    public ItemEntry? this[ItemId item] => entries.GetValueOrDefault(item);

    /// <summary>Items of an open round by what they wait for.</summary>
    public RoundCounts Of(int round) => rounds.GetValueOrDefault(round);

    /// <summary>The items that a worker samples or scores, in their order.</summary>
    public IReadOnlyCollection<ItemId> HeldBy(WorkerId worker) => held.TryGetValue(worker, out var items) ? items : [];

    /// <summary>The oldest round with an item in a state; null if there is none.</summary>
    public int? OldestRound(Func<RoundCounts, int> count) => rounds.Where(r => count(r.Value) > 0).Select(r => (int?)r.Key).Min();

    /// <summary>Puts an item in, or moves it to another state.</summary>
    public void Set(ItemId item, ItemEntry entry)
    {
        Take(item);
        entries[item] = entry;
        Count(item.Round, entry.State, +1);
        switch (entry.State)
        {
            case ItemState.Pending:
                pending.Add(item);
                break;
            case ItemState.Leased lease:
                leased.Add(item);
                foreach (var worker in (WorkerId[])[lease.Owner, lease.Scorer])
                {
                    if (!held.TryGetValue(worker, out var items)) held[worker] = items = [];
                    items.Add(item);
                }
                break;
        }
    }

    public void Remove(ItemId item)
    {
        Take(item);
        entries.Remove(item);
        if (rounds[item.Round] is { Total: 0 }) rounds.Remove(item.Round);
    }

    void Take(ItemId item)
    {
        if (!entries.TryGetValue(item, out var entry)) return;
        Count(item.Round, entry.State, -1);
        pending.Remove(item);
        leased.Remove(item);
        if (entry.State is not ItemState.Leased lease) return;
        foreach (var worker in (WorkerId[])[lease.Owner, lease.Scorer])
            if (held.TryGetValue(worker, out var items) && items.Remove(item) && items.Count == 0) held.Remove(worker);
    }

    void Count(int round, ItemState state, int by)
    {
        var counts = rounds.GetValueOrDefault(round);
        rounds[round] = state switch
        {
            ItemState.Pending => counts with { Pending = counts.Pending + by },
            ItemState.Leased => counts with { Leased = counts.Leased + by },
            ItemState.Scored => counts with { Scored = counts.Scored + by },
            _ => counts with { SetAside = counts.SetAside + by },
        };
        if (state is ItemState.Scored) ScoredCount += by;
    }
}

/// <summary>Items of a round by state.</summary>
readonly record struct RoundCounts(int Pending, int Leased, int Scored, int SetAside)
{
    public int Total => Pending + Leased + Scored + SetAside;

    /// <summary>Neither at the trainer nor given up.</summary>
    public int Unfinished => Pending + Leased;
}
