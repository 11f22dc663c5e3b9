namespace SpoActors.Grains.Runs;

/// <summary>Lets long-polling calls wait until something has changed. For one thread at a time, such as a grain's turns.</summary>
public sealed class Signal(TimeProvider time)
{
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
        var deadline = time.GetTimestamp();
        while (true)
        {
            var change = changed.Task;
            if (ask() is { } answer) return answer;
            var left = patience - time.GetElapsedTime(deadline);
            if (left <= TimeSpan.Zero) return null;
            await ((Task)change.WaitAsync(left, time, cancellation)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
