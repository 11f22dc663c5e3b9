using Npgsql;

namespace SpoActors.Silo.Storage;

/// <summary>The tables and queries that Orleans needs in PostgreSQL: its own scripts, embedded when this program was built.</summary>
public static class PostgresSchema
{
    /// <summary>In the order in which they build on each other.</summary>
    static readonly string[] Scripts = ["Main", "Clustering", "Persistence"];

    /// <summary>Applies the scripts, in one transaction; does nothing if the tables are there.</summary>
    /// <returns>Whether anything was done.</returns>
    public static async Task<bool> InitializeAsync(string connectionString, CancellationToken cancellation = default)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellation).ConfigureAwait(false);
        if (await ExistsAsync(connection, cancellation).ConfigureAwait(false)) return false;
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        foreach (var script in Scripts)
        {
            await using var command = new NpgsqlCommand(Read(script), connection, transaction);
            await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        }
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        return true;
    }

    internal static async Task<bool> ExistsAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("SELECT to_regclass('orleansstorage') IS NOT NULL AND to_regclass('orleansmembershiptable') IS NOT NULL", connection);
        return (bool)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    static string Read(string script)
    {
        using var stream = typeof(PostgresSchema).Assembly.GetManifestResourceStream($"PostgreSQL-{script}.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
