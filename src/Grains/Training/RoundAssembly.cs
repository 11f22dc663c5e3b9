using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Scoring;

namespace SpoActors.Grains.Training;

/// <summary>What came of a pool that was added.</summary>
/// <param name="IsNew">False if it was late or came twice, and was dropped.</param>
/// <param name="Complete">The lease under which its item is complete, now or since before; null while something is missing.</param>
public readonly record struct Addition(bool IsNew, LeaseId? Complete);

/// <summary>
/// Puts scored pools together into items. An item is taken from one lease alone: the pools of another execution, on another kind of
/// device, could differ in the last bit. The first lease that is complete wins.
/// </summary>
public sealed class RoundAssembly
{
    readonly Dictionary<ItemId, Assembly> items = [];
    readonly Lock gate = new();
    int firstRound;

    /// <summary>Items and bytes held.</summary>
    public (int Count, long Bytes) Held
    {
        get
        {
            lock (gate) return (items.Count, items.Values.Sum(i => i.Pools.Values.Sum(p => p.Bytes)));
        }
    }

    /// <summary>Adds a pool; idempotent.</summary>
    public Addition Add(ScoredPoolMessage pool)
    {
        var (item, epoch) = pool.Lease.Id;
        lock (gate)
        {
            if (item.Round < firstRound) return default;
            if (!items.TryGetValue(item, out var assembly) || (epoch > assembly.Epoch && !assembly.IsComplete))
                items[item] = assembly = new Assembly(epoch, pool.PoolCount);
            var isNew = epoch == assembly.Epoch && assembly.Pools.TryAdd(pool.Index, pool);
            return new Addition(isNew, assembly.IsComplete ? new LeaseId(item, assembly.Epoch) : null);
        }
    }

    /// <summary>The items that are complete.</summary>
    public IReadOnlyList<LeaseId> Complete()
    {
        lock (gate) return [.. items.Where(i => i.Value.IsComplete).Select(i => new LeaseId(i.Key, i.Value.Epoch)).OrderBy(l => l.Item)];
    }

    /// <summary>The pools of these items, for training.</summary>
    /// <exception cref="InvalidOperationException">One of them isn't here as said.</exception>
    public IReadOnlyList<ScoredPoolMessage> Pools(IReadOnlyList<LeaseId> leases)
    {
        lock (gate)
            return [.. leases.SelectMany(l => items.TryGetValue(l.Item, out var a) && a.Epoch == l.Epoch && a.IsComplete
                ? a.Pools.Values
                : throw new InvalidOperationException($"{l.Item} was announced complete under lease {l.Epoch:x}, but is not held"))];
    }

    /// <summary>Frees what belongs to rounds before one, and takes nothing more for them.</summary>
    public void Forget(int beforeRound)
    {
        lock (gate)
        {
            firstRound = beforeRound;
            foreach (var old in items.Keys.Where(i => i.Round < beforeRound).ToArray()) items.Remove(old);
        }
    }

    sealed class Assembly(long epoch, int poolCount)
    {
        public long Epoch { get; } = epoch;
        public SortedDictionary<int, ScoredPoolMessage> Pools { get; } = [];
        public bool IsComplete => Pools.Count == poolCount;
    }
}
