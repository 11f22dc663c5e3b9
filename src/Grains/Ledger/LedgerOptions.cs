namespace SpoActors.Grains.Ledger;

/// <summary>Rules of a ledger.</summary>
public sealed record LedgerOptions
{
    /// <summary>Rounds that sampling may run ahead of training.</summary>
    public required int Staleness { get; init; }

    /// <summary>Most items that may be leased or wait to be trained on; at least a round's.</summary>
    public required int Capacity { get; init; }

    /// <summary>Most bytes of pairs of all items that are leased or wait to be trained on, if more than the round trained on next.</summary>
    public required long MaxBytes { get; init; }

    /// <summary>Failures after which an item is set aside, if they were on several workers or on all there are.</summary>
    public required int MaxAttempts { get; init; }

    /// <summary>Share of a round's items, 0 to 1, that may be set aside; with more the run pauses.</summary>
    public double MaxSetAside { get; init; } = 1;

    /// <summary>Time a lease lasts without renewal.</summary>
    public required TimeSpan LeaseDuration { get; init; }

    /// <summary>
    /// Lost leases after which an item is set aside. Far above <see cref="MaxAttempts"/>: a lost worker is rarely the item's fault, but an
    /// item that kills every process it comes to must not go on for ever.
    /// </summary>
    public int MaxLosses => 10 * MaxAttempts;
}
