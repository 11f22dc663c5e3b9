using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace SpoActors.Clustering;

/// <summary>The tables and queries that Orleans needs in PostgreSQL 15 and later.</summary>
public static partial class PostgresSchema
{
    /// <summary>Version of the schema that this program makes and needs.</summary>
    public const int Version = 1;

    /// <summary>Makes them, in one transaction; does nothing if they are there.</summary>
    /// <returns>Whether anything was done.</returns>
    /// <exception cref="StorageUnavailableException">There are tables of another release.</exception>
    public static async Task<bool> InitializeAsync(string connectionString, CancellationToken cancellation = default)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellation).ConfigureAwait(false);
        if (await HasTablesAsync(connection, cancellation).ConfigureAwait(false))
            return await FaultAsync(connection, cancellation).ConfigureAwait(false) is { } fault ? throw new StorageUnavailableException(fault) : false;
        await using var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
        // Several statements with parameters' signs in texts: sent as it is.
        await using (var command = new NpgsqlCommand(ReadScript(), connection, transaction)) await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
        await transaction.CommitAsync(cancellation).ConfigureAwait(false);
        return true;
    }

    /// <summary>Why they cannot be used as they are, as one line that says what to do; null if they can.</summary>
    public static async Task<string?> FaultAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        if (!await HasTablesAsync(connection, cancellation).ConfigureAwait(false))
            return "the PostgreSQL database has no Orleans tables; run `spo cluster init` on it once";
        if (await VersionAsync(connection, cancellation).ConfigureAwait(false) is var version && version != Version)
            return string.Create(CultureInfo.InvariantCulture,
                $"the PostgreSQL database has schema version {version}, this program needs {Version}; use the release that made it, or `spo cluster init` on another database");
        var lacking = Needed().Except(await KnownAsync(connection, cancellation).ConfigureAwait(false)).ToArray();
        return lacking.Length == 0 ? null
            : $"the PostgreSQL database has Orleans tables of another schema (it lacks {string.Join(", ", lacking)}); use another database, and `spo cluster init` on it";
    }

    static async Task<bool> HasTablesAsync(NpgsqlConnection connection, CancellationToken cancellation) =>
        await AskAsync<bool>(connection, "SELECT to_regclass('orleansstorage') IS NOT NULL AND to_regclass('orleansmembershiptable') IS NOT NULL AND to_regclass('orleansquery') IS NOT NULL", cancellation).ConfigureAwait(false);

    /// <summary>Tables from before they had a version are those of version 1.</summary>
    static async Task<int> VersionAsync(NpgsqlConnection connection, CancellationToken cancellation) =>
        await AskAsync<bool>(connection, "SELECT to_regclass('sposchema') IS NOT NULL", cancellation).ConfigureAwait(false)
            ? await AskAsync<int>(connection, "SELECT coalesce(max(Version), 0) FROM SpoSchema", cancellation).ConfigureAwait(false)
            : 1;

    static async Task<IReadOnlyList<string>> KnownAsync(NpgsqlConnection connection, CancellationToken cancellation) =>
        await AskAsync<string[]>(connection, "SELECT coalesce(array_agg(QueryKey::text), '{}') FROM OrleansQuery", cancellation).ConfigureAwait(false);

    static async Task<T> AskAsync<T>(NpgsqlConnection connection, string question, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(question, connection);
        return (T)(await command.ExecuteScalarAsync(cancellation).ConfigureAwait(false))!;
    }

    static IEnumerable<string> Needed() => QueryKey().Matches(ReadScript()).Select(m => m.Groups[1].Value);

    static string ReadScript()
    {
        using var stream = typeof(PostgresSchema).Assembly.GetManifestResourceStream("schema.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"^\('(\w+Key)', \$\$", RegexOptions.Multiline)]
    private static partial Regex QueryKey();
}
