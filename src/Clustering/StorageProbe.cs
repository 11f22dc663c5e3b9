using Npgsql;
using SpoActors.Specification;
using SpoActors.Specification.Silos;
using StackExchange.Redis;

namespace SpoActors.Clustering;

/// <summary>Asks a cluster's storage, before anything relies on it, whether it can be used.</summary>
public static class StorageProbe
{
    /// <summary>Looks once.</summary>
    /// <returns>The storage's clock; null where the storage lives in the first silo.</returns>
    /// <exception cref="SpecificationException">The connection string is none.</exception>
    /// <exception cref="StorageUnavailableException">It answers, and waiting would not help: another password, no tables, a schema of another release.</exception>
    /// <exception cref="Exception">Any other: it does not answer now.</exception>
    public static Task<DateTimeOffset?> AskAsync(ClusterSettings cluster, CancellationToken cancellation) => cluster.Kind switch
    {
        "postgres" => AskPostgresAsync(cluster, cancellation),
        "redis" => AskRedisAsync(cluster, cancellation),
        _ => Task.FromResult<DateTimeOffset?>(null),
    };

    static async Task<DateTimeOffset?> AskPostgresAsync(ClusterSettings cluster, CancellationToken cancellation)
    {
        await using var connection = Parse(cluster, text => new NpgsqlConnection(text), "a connection string of PostgreSQL", "For example Host=127.0.0.1;Username=spo;Database=spo.");
        try
        {
            await connection.OpenAsync(cancellation).ConfigureAwait(false);
            if (await PostgresSchema.FaultAsync(connection, cancellation).ConfigureAwait(false) is { } fault) throw new StorageUnavailableException(fault);
            await using var clock = new NpgsqlCommand("SELECT clock_timestamp()", connection);
            return new DateTimeOffset((DateTime)(await clock.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!);
        }
        catch (PostgresException e) when (!e.IsTransient)
        {
            throw new StorageUnavailableException($"cluster.connection: PostgreSQL refuses it ({PlainText.OneLine(e.MessageText)}); correct user, password or database", e);
        }
    }

    static async Task<DateTimeOffset?> AskRedisAsync(ClusterSettings cluster, CancellationToken cancellation)
    {
        var options = Parse(cluster, ConfigurationOptions.Parse, "a connection string of Redis", "For example 127.0.0.1:6379,password=....");
        try
        {
            await using var redis = await ConnectionMultiplexer.ConnectAsync(options).WaitAsync(cancellation).ConfigureAwait(false);
            await redis.GetDatabase().PingAsync().WaitAsync(cancellation).ConfigureAwait(false);
            return new DateTimeOffset(await redis.GetServers()[0].TimeAsync().WaitAsync(cancellation).ConfigureAwait(false));
        }
        catch (RedisConnectionException e) when (e.FailureType == ConnectionFailureType.AuthenticationFailure)
        {
            throw new StorageUnavailableException("cluster.connection: Redis refuses user or password; correct them", e);
        }
    }

    static T Parse<T>(ClusterSettings cluster, Func<string, T> parse, string expected, string fix)
    {
        try
        {
            return parse(cluster.Connection!);
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            // The text itself may hold a password.
            throw new SpecificationException("the silo's settings", [new Problem("cluster.connection", "a text that cannot be read", expected, fix)]);
        }
    }
}
