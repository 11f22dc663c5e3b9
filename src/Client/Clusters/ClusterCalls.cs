using Polly;
using Polly.Retry;
using Polly.Timeout;
using SpoActors.Client.Console;
using SpoActors.Grains.Interfaces;

namespace SpoActors.Client.Clusters;

/// <summary>Calls to a cluster: each has a time-out and, all of them being idempotent, is tried again while silos come and go.</summary>
sealed class ClusterCalls
{
    /// <summary>Longer than a call may wait for news on the other side.</summary>
    static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    readonly ResiliencePipeline pipeline;
    readonly TimeSpan patience;

    /// <param name="output">Told when the cluster doesn't answer.</param>
    /// <param name="time">Measures patience.</param>
    /// <param name="patience">Time in which a call must succeed.</param>
    public ClusterCalls(IConsoleOutput output, TimeProvider time, TimeSpan patience)
    {
        this.patience = patience;
        pipeline = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddTimeout(patience)
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<Exception>(IsTransient),
                MaxRetryAttempts = int.MaxValue,
                Delay = TimeSpan.FromSeconds(1),
                OnRetry = attempt =>
                {
                    if (attempt.AttemptNumber == 0) output.Warn($"The cluster does not answer ({FirstLine(attempt.Outcome.Exception!.Message)}); trying again.");
                    return default;
                },
            })
            .AddTimeout(Limit)
            .Build();
    }

    /// <exception cref="ClientException">The cluster did not answer in time.</exception>
    /// <exception cref="PipelineException">It refused.</exception>
    public async Task<T> CallAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        try
        {
            return await pipeline.ExecuteAsync(async token => await call(token).WaitAsync(token), cancellation);
        }
        catch (TimeoutRejectedException e)
        {
            throw new ClientException(ExitCode.ClusterUnavailable, $"The cluster did not answer within {patience.TotalSeconds} s: {e.Message}");
        }
    }

    /// <summary>Orleans puts stack traces into messages.</summary>
    static string FirstLine(string message) => message.Split('\n', 2)[0].TrimEnd();

    static bool IsTransient(Exception e) => e is not (PipelineException or OperationCanceledException);
}
