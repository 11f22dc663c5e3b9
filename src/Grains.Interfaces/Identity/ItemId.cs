namespace SpoActors.Grains.Interfaces.Identity;

/// <summary>
/// Identity of an item: prompts that are sampled together. What an item yields is a pure function of its id, the adapter version and the
/// configuration, so it may be executed again, anywhere.
/// </summary>
/// <param name="Run">Run.</param>
/// <param name="Round">Round, 0-based.</param>
/// <param name="Index">Place of the item in the round.</param>
[GenerateSerializer, Immutable, Alias("spo.ItemId")]
public readonly record struct ItemId(
    [property: Id(0)] string Run, [property: Id(1)] int Round, [property: Id(2)] int Index) : IComparable<ItemId>
{
    /// <summary>Round, then index.</summary>
    public int CompareTo(ItemId other) => (Round, Index).CompareTo((other.Round, other.Index));

    public override string ToString() => $"{Run}/{Round}/{Index}";

    public static bool operator <(ItemId left, ItemId right) => left.CompareTo(right) < 0;
    public static bool operator >(ItemId left, ItemId right) => left.CompareTo(right) > 0;
    public static bool operator <=(ItemId left, ItemId right) => left.CompareTo(right) <= 0;
    public static bool operator >=(ItemId left, ItemId right) => left.CompareTo(right) >= 0;
}

/// <summary>One execution of an item. A later lease of the same item has a greater epoch.</summary>
[GenerateSerializer, Immutable, Alias("spo.LeaseId")]
public readonly record struct LeaseId([property: Id(0)] ItemId Item, [property: Id(1)] long Epoch);
