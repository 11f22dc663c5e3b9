using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Ledger;

namespace SpoActors.Grains.Tests.Ledger;

public sealed class RunLedgerTests
{
    static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;
    static readonly WorkerId Sampler = new("a", "cpu:0", WorkerRole.Sampler), Scorer = new("b", "cpu:0", WorkerRole.Scorer);

    static RunLedger New(int staleness = 0, int capacity = 10, long maxBytes = long.MaxValue, int maxAttempts = 3, int items = 2) => new(
        new LedgerOptions { Staleness = staleness, Capacity = capacity, MaxBytes = maxBytes, MaxAttempts = maxAttempts, LeaseDuration = TimeSpan.FromSeconds(10) },
        "run", _ => items, roundCount: 3, nextRound: 0, epochBase: 0, setAside: []);

    [Fact]
    public void Lease_AtStalenessZero_StaysInTheNextRound()
    {
        var ledger = New();
        var leases = Enumerable.Range(0, 4).Select(_ => ledger.Lease(Sampler, [Sampler], [Scorer], Start)).ToArray();
        Assert.Equal([0, 0], leases.Where(l => l is not null).Select(l => l!.Value.Item.Round));
    }

    [Fact]
    public void Lease_AtStalenessOne_RunsOneRoundAhead()
    {
        var ledger = New(staleness: 1);
        var leases = Enumerable.Range(0, 8).Select(_ => ledger.Lease(Sampler, [Sampler], [Scorer], Start)).ToArray();
        Assert.Equal([0, 0, 1, 1], leases.Where(l => l is not null).Select(l => l!.Value.Item.Round));
        Assert.Equal(0, ledger.VersionOf(1));
        Assert.Equal(1, ledger.VersionOf(2));
    }

    [Fact]
    public void Lease_WhenTheTrainerHoldsAllItMay_IsRefused()
    {
        var ledger = New(staleness: 2, capacity: 3);
        Assert.Equal(3, Enumerable.Range(0, 6).Count(_ => ledger.Lease(Sampler, [Sampler], [Scorer], Start) is not null));
    }

    [Theory]
    [InlineData(100, 2), InlineData(299, 2), InlineData(300, 3), InlineData(10_000, 6)]
    public void Lease_WhenTheTrainersBytesAreUsedUp_HoldsBackWhatRunsAhead(long maxBytes, int leases)
    {
        var ledger = New(staleness: 2, maxBytes: maxBytes);
        Assert.Equal(leases, Enumerable.Range(0, 8).Count(_ => ledger.Lease(Sampler, [Sampler], [Scorer], Start, itemBytes: 100) is not null));
    }

    [Fact]
    public void Scored_WhenItComesTwice_IsDropped()
    {
        var ledger = New();
        var lease = ledger.Lease(Sampler, [Sampler], [Scorer], Start)!.Value;
        Assert.True(ledger.Scored(lease));
        Assert.False(ledger.Scored(lease));
        Assert.Equal(1, ledger.DuplicatesDropped);
    }

    [Fact]
    public void Scored_WhenTheItemIsLeasedAgain_CountsAndVoidsTheNewLease()
    {
        var ledger = New();
        var late = ledger.Lease(Sampler, [Sampler], [Scorer], Start)!.Value;
        ledger.Lost(late, "expired");
        var second = ledger.Lease(Sampler, [Sampler], [Scorer], Start)!.Value;
        Assert.Equal(late.Item, second.Item);
        Assert.True(ledger.Scored(late));
        Assert.False(ledger.Renew(second, Start));
        Assert.False(ledger.Scored(second));
    }

    [Fact]
    public void Renew_BeforeExpiry_KeepsTheLease()
    {
        var ledger = New();
        var lease = ledger.Lease(Sampler, [Sampler], [Scorer], Start)!.Value;
        Assert.True(ledger.Renew(lease, Start.AddSeconds(9)));
        Assert.Empty(ledger.Overdue(Start.AddSeconds(15)));
        Assert.Equal([lease], ledger.Overdue(Start.AddSeconds(19)));
    }

    [Fact]
    public void Failed_TooOften_SetsTheItemAsideAndTheRoundGoesOn()
    {
        var ledger = New(maxAttempts: 2);
        Assert.False(ledger.Failed(ledger.Lease(Sampler, [Sampler], [Scorer], Start)!.Value, Sampler, peers: 1, "first"));
        Assert.True(ledger.Failed(ledger.Lease(Sampler, [Sampler], [Scorer], Start)!.Value, Sampler, peers: 1, "second"));
        var other = ledger.Lease(Sampler, [Sampler], [Scorer], Start)!.Value;
        Assert.Equal(1, other.Item.Index);
        ledger.Scored(other);
        Assert.Equal([other], ledger.CompleteRound()!);
        Assert.Equal("second", Assert.Single(ledger.SetAside).Value);
    }

    [Fact]
    public void Failed_OnOneOfSeveralWorkers_LeavesTheItemToTheOthers()
    {
        var (ledger, other) = (New(maxAttempts: 2), Sampler with { Silo = "c" });
        var first = ledger.Lease(Sampler, [Sampler, other], [Scorer], Start)!.Value;
        Assert.False(ledger.Failed(first, Sampler, peers: 2, "sick"));
        // Not the same item again, while somebody else may take it.
        var second = ledger.Lease(Sampler, [Sampler, other], [Scorer], Start)!.Value;
        Assert.Equal((0, 1), (first.Item.Index, second.Item.Index));
        Assert.Null(ledger.Lease(Sampler, [Sampler, other], [Scorer], Start));
        Assert.Equal(first.Item, ledger.Lease(other, [Sampler, other], [Scorer], Start)!.Value.Item);
    }

    [Fact]
    public void Failed_OnEveryWorkerThereIs_SetsTheItemAside()
    {
        var (ledger, other) = (New(maxAttempts: 2), Sampler with { Silo = "c" });
        Assert.False(ledger.Failed(ledger.Lease(Sampler, [Sampler, other], [Scorer], Start)!.Value, Sampler, peers: 2, "bad"));
        Assert.True(ledger.Failed(ledger.Lease(other, [Sampler, other], [Scorer], Start)!.Value, other, peers: 2, "bad"));
        Assert.Equal(0.5, ledger.SetAsideShare(0));
    }

    [Fact]
    public void Lease_WhenTheItemFailedOnAScorer_NamesAnother()
    {
        var (ledger, other) = (New(), Scorer with { Silo = "c" });
        var first = ledger.Lease(Sampler, [Sampler], [Scorer, other], Start)!.Value;
        Assert.Equal(Scorer, ((ItemState.Leased)ledger[first.Item]!).Scorer);
        ledger.Failed(first, Scorer, peers: 2, "sick");
        Assert.Equal(other, ((ItemState.Leased)ledger[ledger.Lease(Sampler, [Sampler], [Scorer, other], Start)!.Value.Item]!).Scorer);
    }

    [Fact]
    public void Probe_BeforeAnItemIsDone_IsNotThere()
    {
        var ledger = New();
        Assert.Null(ledger.Probe());
        var lease = ledger.Lease(Sampler, [Sampler], [Scorer], Start)!.Value;
        ledger.Scored(lease);
        var probe = ledger.Probe()!.Value;
        Assert.Equal(lease.Item, probe.Item);
        // Nobody takes its result for the item's.
        Assert.False(ledger.Scored(probe));
    }

    [Fact]
    public void Consume_WhenTheRoundIsIncomplete_Throws() => Assert.Throws<InvalidOperationException>(() => New().Consume(0));
}
