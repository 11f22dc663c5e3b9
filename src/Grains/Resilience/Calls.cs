using Orleans.Runtime;
using Polly;
using Polly.Retry;
using Polly.Timeout;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Telemetry;

namespace SpoActors.Grains.Resilience;

/// <summary>Calls to other silos: each has a time-out, and what is idempotent by id is tried again.</summary>
public sealed class Calls
{
    /// <summary>Longer than a call may wait for something to happen on the other side.</summary>
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    readonly ResiliencePipeline retry;
    readonly ResiliencePipeline once;

    public Calls(TimeProvider time, PipelineInstruments instruments)
    {
        retry = Builder(time)
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<Exception>(IsTransient),
                MaxRetryAttempts = 6,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = TimeSpan.FromMilliseconds(100),
                MaxDelay = TimeSpan.FromSeconds(5),
                OnRetry = _ =>
                {
                    instruments.OnRetry();
                    return default;
                },
            })
            .AddTimeout(Limit)
            .Build();
        once = Builder(time).AddTimeout(Limit).Build();
    }

    /// <summary>An idempotent call.</summary>
    public async Task<T> RetryAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellation) =>
        await retry.ExecuteAsync(async token => await call(token).WaitAsync(token).ConfigureAwait(false), cancellation).ConfigureAwait(false);

    /// <summary>A call that is not tried again.</summary>
    public async Task<T> OnceAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellation) =>
        await once.ExecuteAsync(async token => await call(token).WaitAsync(token).ConfigureAwait(false), cancellation).ConfigureAwait(false);

    /// <summary>Whether a failure is the network's or the storage's, not the request's.</summary>
    public static bool IsTransient(Exception e) => e is not (PipelineException or OperationCanceledException or ArgumentException or InvalidOperationException);

    /// <summary>Whether a silo could not be reached, or did not answer in time.</summary>
    public static bool IsOfTheNetwork(Exception e) => e is OrleansException or TimeoutException or TimeoutRejectedException;

    static ResiliencePipelineBuilder Builder(TimeProvider time) => new() { TimeProvider = time };
}
