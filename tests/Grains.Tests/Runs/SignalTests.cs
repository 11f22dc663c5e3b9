using SpoActors.Grains.Runs;

namespace SpoActors.Grains.Tests.Runs;

public sealed class SignalTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Until_WhenTheAnswerComesLater_WaitsForIt()
    {
        var signal = new Signal(TimeProvider.System, CancellationToken.None);
        string? answer = null;
        var waiting = signal.UntilAsync(() => answer, TimeSpan.FromHours(1), Token);
        signal.Pulse();
        Assert.False(waiting.IsCompleted);
        answer = "now";
        signal.Pulse();
        Assert.Equal("now", await waiting);
    }

    [Fact]
    public async Task Until_WhenTheSiloStops_WaitsNoLonger()
    {
        using var stopping = new CancellationTokenSource();
        var signal = new Signal(TimeProvider.System, stopping.Token);
        var waiting = signal.UntilAsync(() => (string?)null, TimeSpan.FromHours(1), Token);
        await stopping.CancelAsync();
        Assert.Null(await waiting.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System, Token));
    }

    [Fact]
    public async Task Until_WhenTheCallerGivesUp_IsCancelled()
    {
        using var caller = new CancellationTokenSource();
        var waiting = new Signal(TimeProvider.System, CancellationToken.None).UntilAsync(() => (string?)null, TimeSpan.FromHours(1), caller.Token);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
