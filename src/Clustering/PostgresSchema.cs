using Npgsql;

namespace SpoActors.Clustering;

/// <summary>The tables and queries that Orleans needs in PostgreSQL 15 and later.</summary>
public static class PostgresSchema
{
    /// <summary>Makes them, in one transaction; does nothing if they are there.</summary>
    /// <returns>Whether anything was done.</returns>
    public static async Task<bool> InitializeAsync(string connectionString, CancellationToken cancellation = default)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellation).ConfigureAwait(false);
        if (await ExistsAsync(connection, cancellation).ConfigureAwait(false)) return false;
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        // Several statements with parameters' signs in texts: sent as it is.
        await using (var command = new NpgsqlCommand(ReadScript(), connection, transaction)) await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        return true;
    }

    /// <summary>Whether they are there.</summary>
    public static async Task<bool> ExistsAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand("SELECT to_regclass('orleansstorage') IS NOT NULL AND to_regclass('orleansmembershiptable') IS NOT NULL", connection);
        return (bool)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    static string ReadScript()
    {
        using var stream = typeof(PostgresSchema).Assembly.GetManifestResourceStream("schema.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
