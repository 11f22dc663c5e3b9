using System.Globalization;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using SpoActors.Clustering;
using SpoActors.Grains.Hosting;
using SpoActors.Specification;
using SpoActors.Specification.Silos;

namespace SpoActors.Silo.Storage;

/// <summary>Waits for the cluster's storage before the silo starts, and says what it waits for.</summary>
public sealed partial class StorageCheck(ClusterSettings cluster, TimeProvider time, ILogger logger)
{
    /// <exception cref="StorageUnavailableException">It stayed away, or cannot be used.</exception>
    /// <exception cref="ClusterConflictException">Its clock and this machine's are too far apart.</exception>
    /// <exception cref="SpecificationException">The connection string is none.</exception>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        if (cluster.Kind == "localhost") return;
        var deadline = time.GetUtcNow() + TimeSpan.FromSeconds(cluster.StoragePatienceSeconds);
        var patience = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<Exception>(e => !IsFinal(e) && time.GetUtcNow() < deadline),
                MaxRetryAttempts = int.MaxValue,
                Delay = TimeSpan.FromSeconds(2),
                OnRetry = args =>
                {
                    LogWaiting(cluster.Kind, PlainText.OneLine(args.Outcome.Exception!.Message));
                    return default;
                },
            })
            .Build();
        try
        {
            await patience.ExecuteAsync(async token => await CheckAsync(token).ConfigureAwait(false), cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (!IsFinal(e))
        {
            throw new StorageUnavailableException(
                $"cluster.connection: {cluster.Kind} did not answer within {cluster.StoragePatienceSeconds} s ({PlainText.OneLine(e.Message)}); start it, or correct the connection string", e);
        }
    }

    /// <summary>Whether waiting would not help.</summary>
    static bool IsFinal(Exception e) => e is StorageUnavailableException or ClusterConflictException or SpecificationException or OperationCanceledException;

    async Task CheckAsync(CancellationToken cancellation)
    {
        var asked = time.GetUtcNow();
        if (await StorageProbe.AskAsync(cluster, cancellation).ConfigureAwait(false) is not { } there) return;
        var skew = asked - there;
        if (skew.Duration() <= TimeSpan.FromSeconds(cluster.FailureSeconds) + (time.GetUtcNow() - asked)) return;
        throw new ClusterConflictException(string.Create(CultureInfo.InvariantCulture,
            $"this machine's clock is {skew.Duration().TotalSeconds:F0} s {(skew > TimeSpan.Zero ? "ahead of" : "behind")} the {cluster.Kind} server's, which is more than " +
            $"cluster.failure_seconds ({cluster.FailureSeconds}): silos would take each other for dead. Set the clocks of both by NTP"));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting for {Kind}: {Message}")]
    partial void LogWaiting(string kind, string message);
}
