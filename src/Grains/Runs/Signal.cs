namespace SpoActors.Grains.Runs;

/// <summary>Lets long-polling calls wait until something has changed. For one thread at a time, such as a grain's turns.</summary>
/// <param name="time">Measures patience.</param>
/// <param name="stopping">From then on nobody waits longer than a moment.</param>
public sealed class Signal(TimeProvider time, CancellationToken stopping)
{
    /// <summary>Keeps those who ask again at once from asking too often.</summary>
    static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100);

    TaskCompletionSource changed = New();

    /// <summary>Something has changed: every waiting call looks again.</summary>
    public void Pulse()
    {
        var waiting = changed;
        changed = New();
        waiting.SetResult();
    }

    /// <summary>Asks until there is an answer, or the patience ends.</summary>
    public async Task<T?> UntilAsync<T>(Func<T?> ask, TimeSpan patience, CancellationToken cancellation) where T : class
    {
        var started = time.GetTimestamp();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stopping);
        while (true)
        {
            var change = changed.Task;
            if (ask() is { } answer) return answer;
            var isEnding = stopping.IsCancellationRequested;
            var left = (isEnding ? Moment : patience) - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero) return null;
            await change.WaitAsync(left, time, isEnding ? cancellation : ending.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
