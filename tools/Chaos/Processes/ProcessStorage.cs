using Microsoft.Extensions.Hosting;
using Npgsql;
using Orleans.Hosting;
using SpoActors.Clustering;
using StackExchange.Redis;

namespace SpoActors.Tools.Chaos.Processes;

/// <summary>A cluster's own corner of a running PostgreSQL or Redis; gone when disposed.</summary>
public sealed class ProcessStorage : IAsyncDisposable
{
    readonly Func<Task> remove;

    ProcessStorage(string kind, string connection, string clusterId, Func<Task> remove) =>
        (Kind, Connection, ClusterId, this.remove) = (kind, connection, clusterId, remove);

    /// <summary>postgres or redis.</summary>
    public string Kind { get; }

    public string Connection { get; }

    public string ClusterId { get; }

    /// <summary>A new database with the schema.</summary>
    public static async Task<ProcessStorage> PostgresAsync(string server)
    {
        var name = $"spo_{Guid.NewGuid():n}";
        await ExecuteAsync(server, $"CREATE DATABASE {name}").ConfigureAwait(false);
        var connection = new NpgsqlConnectionStringBuilder(server) { Database = name, MaxPoolSize = 20 }.ConnectionString;
        await PostgresSchema.InitializeAsync(connection).ConfigureAwait(false);
        return new ProcessStorage("postgres", connection, "spo", () => ExecuteAsync(server, $"DROP DATABASE {name} WITH (FORCE)"));
    }

    /// <summary>An empty numbered database.</summary>
    public static async Task<ProcessStorage> RedisAsync(string server, int database)
    {
        await EmptyAsync().ConfigureAwait(false);
        return new ProcessStorage("redis", $"{server},defaultDatabase={database}", "spo", EmptyAsync);

        async Task EmptyAsync()
        {
            await using var redis = await ConnectionMultiplexer.ConnectAsync($"{server},allowAdmin=true").ConfigureAwait(false);
            await redis.GetServers()[0].FlushDatabaseAsync(database).ConfigureAwait(false);
        }
    }

    /// <summary>The same storage for a cluster of another id; what it leaves there goes with this one's.</summary>
    public ProcessStorage Of(string clusterId) => new(Kind, Connection, clusterId, () => Task.CompletedTask);

    /// <summary>Lets a client find the cluster.</summary>
    internal void Configure(IClientBuilder client)
    {
        if (Kind == "postgres") client.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = ("Npgsql", Connection));
        else client.UseRedisClustering(o => o.ConfigurationOptions = ConfigurationOptions.Parse(Connection));
    }

    public async ValueTask DisposeAsync() => await remove().ConfigureAwait(false);

    static async Task ExecuteAsync(string server, string statement)
    {
        // No pool: a connection kept from before a restart of the server would be dead.
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server) { Pooling = false }.ConnectionString);
        await connection.OpenAsync().ConfigureAwait(false);
        await using var command = new NpgsqlCommand(statement, connection);
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }
}
