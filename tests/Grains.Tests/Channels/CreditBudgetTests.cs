using SpoActors.Grains.Channels;

namespace SpoActors.Grains.Tests.Channels;

public sealed class CreditBudgetTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Acquire_WhenBytesAreUsedUp_WaitsForARelease()
    {
        var budget = new CreditBudget(10, 100);
        await budget.AcquireAsync(1, 80, Token);
        var second = budget.AcquireAsync(1, 30, Token);
        Assert.False(second.IsCompleted);
        budget.Release(1, 80);
        await second;
        Assert.Equal((1, 30L), budget.Used);
    }

    [Fact]
    public async Task Acquire_WhenSomebodyWaits_QueuesBehindThem()
    {
        var budget = new CreditBudget(10, 100);
        await budget.AcquireAsync(1, 80, Token);
        var large = budget.AcquireAsync(1, 90, Token);
        var small = budget.AcquireAsync(1, 5, Token);
        Assert.False(small.IsCompleted);
        budget.Release(1, 80);
        await large;
        await small;
    }

    [Fact]
    public async Task Acquire_WhenCancelled_LetsTheNextOneIn()
    {
        var budget = new CreditBudget(2, 100);
        await budget.AcquireAsync(1, 50, Token);
        using var cancellation = new CancellationTokenSource();
        var large = budget.AcquireAsync(1, 90, cancellation.Token);
        var small = budget.AcquireAsync(1, 10, Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        await small;
        Assert.Equal((2, 60L), budget.Used);
    }

    [Fact]
    public async Task Acquire_WhenThePieceIsLargerThanTheChannel_IsRefusedWithTheFix()
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(() => new CreditBudget(1, 10).AcquireAsync(1, 11, Token));
        Assert.Contains("pipeline.channel_megabytes", error.Message, StringComparison.Ordinal);
    }
}
