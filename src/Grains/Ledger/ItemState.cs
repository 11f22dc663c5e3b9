using SpoActors.Grains.Interfaces.Identity;

namespace SpoActors.Grains.Ledger;

/// <summary>State of an item of a round that is not consumed yet.</summary>
public abstract record ItemState
{
    /// <summary>Waits to be leased.</summary>
    public sealed record Pending : ItemState;

    /// <summary>Somebody samples or scores it.</summary>
    /// <param name="Owner">Sampler.</param>
    /// <param name="Scorer">Scorer its pools go to.</param>
    /// <param name="Epoch">Epoch of this lease.</param>
    /// <param name="Since">When the lease began.</param>
    /// <param name="Expiry">When the lease ends unless it is renewed.</param>
    public sealed record Leased(WorkerId Owner, WorkerId Scorer, long Epoch, DateTimeOffset Since, DateTimeOffset Expiry) : ItemState;

    /// <summary>The trainer holds all of its pairs.</summary>
    /// <param name="Epoch">Lease they came from.</param>
    public sealed record Scored(long Epoch) : ItemState;

    /// <summary>Given up.</summary>
    public sealed record SetAside(string Error) : ItemState;
}

/// <summary>An item's state and what went wrong with it so far.</summary>
/// <param name="State">State.</param>
/// <param name="Failures">Executions that failed by what may be the item's fault.</param>
/// <param name="FailedOn">The workers they failed on.</param>
/// <param name="Losses">Leases that were lost.</param>
public sealed record ItemEntry(ItemState State, int Failures, IReadOnlyList<WorkerId> FailedOn, int Losses)
{
    public static ItemEntry New { get; } = new(new ItemState.Pending(), 0, [], 0);
}
