using Microsoft.Extensions.Logging;
using Npgsql;
using Polly;
using Polly.Retry;
using SpoActors.Clustering;
using SpoActors.Specification.Silos;
using StackExchange.Redis;

namespace SpoActors.Silo.Storage;

/// <summary>Waits for the cluster's storage before the silo starts, and says what it waits for.</summary>
public sealed partial class StorageCheck(ClusterSettings cluster, TimeProvider time, ILogger logger)
{
    /// <exception cref="StorageUnavailableException">It stayed away, or lacks the schema.</exception>
    public async Task WaitAsync(CancellationToken cancellation)
    {
        if (cluster.Kind == "localhost") return;
        var deadline = time.GetUtcNow() + TimeSpan.FromSeconds(cluster.StoragePatienceSeconds);
        var patience = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<Exception>(e => e is not (StorageUnavailableException or OperationCanceledException) && time.GetUtcNow() < deadline),
                MaxRetryAttempts = int.MaxValue,
                Delay = TimeSpan.FromSeconds(2),
                OnRetry = args =>
                {
                    LogWaiting(cluster.Kind, args.Outcome.Exception!.Message);
                    return default;
                },
            })
            .Build();
        try
        {
            await patience.ExecuteAsync(async token => await (cluster.Kind == "postgres" ? CheckPostgresAsync(token) : CheckRedisAsync()).ConfigureAwait(false), cancellation)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (e is not (StorageUnavailableException or OperationCanceledException))
        {
            throw new StorageUnavailableException(
                $"cluster.connection: {cluster.Kind} did not answer within {cluster.StoragePatienceSeconds} s ({e.Message}); start it, or correct the connection string", e);
        }
    }

    async Task CheckPostgresAsync(CancellationToken cancellation)
    {
        await using var connection = new NpgsqlConnection(cluster.Connection);
        await connection.OpenAsync(cancellation).ConfigureAwait(false);
        if (!await PostgresSchema.ExistsAsync(connection, cancellation).ConfigureAwait(false))
            throw new StorageUnavailableException("the PostgreSQL database has no Orleans tables; run `spo cluster init` on it once");
    }

    async Task CheckRedisAsync()
    {
        await using var redis = await ConnectionMultiplexer.ConnectAsync(cluster.Connection!).ConfigureAwait(false);
        await redis.GetDatabase().PingAsync().ConfigureAwait(false);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting for {Kind}: {Message}")]
    partial void LogWaiting(string kind, string message);
}

/// <summary>The cluster's storage is away, or not made ready.</summary>
public sealed class StorageUnavailableException : Exception
{
    public StorageUnavailableException(string message) : base(message) { }

    public StorageUnavailableException(string message, Exception inner) : base(message, inner) { }

    public StorageUnavailableException() { }
}
