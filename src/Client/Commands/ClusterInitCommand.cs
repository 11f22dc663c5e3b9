using System.CommandLine;
using Npgsql;
using SpoActors.Client.Console;
using SpoActors.Clustering;
using SpoActors.Specification;
using SpoActors.Specification.Silos;

namespace SpoActors.Client.Commands;

/// <summary><c>spo cluster init</c>: prepares a cluster's storage.</summary>
sealed class ClusterInitCommand : Command
{
    readonly Option<string> cluster = ClusterCommand.ClusterOption();
    readonly IConsoleOutput output;

    public ClusterInitCommand(IConsoleOutput output) : base("init", "Make the tables that a cluster on PostgreSQL needs. Does nothing if they are there.")
    {
        this.output = output;
        Options.Add(cluster);
        SetAction(async (parsed, cancellation) => (int)await ExecuteAsync(parsed.GetValue(cluster)!, cancellation));
    }

    async Task<ExitCode> ExecuteAsync(string path, CancellationToken cancellation)
    {
        var settings = SiloSettingsFile.Read(path).Cluster;
        if (settings.Kind != "postgres")
        {
            output.Say($"A cluster of kind {settings.Kind} needs no preparation.");
            return ExitCode.Success;
        }
        try
        {
            output.Say(await PostgresSchema.InitializeAsync(settings.Connection!, cancellation) ? "The tables are made." : "The tables were there already.");
            return ExitCode.Success;
        }
        catch (StorageUnavailableException e)
        {
            throw new ClientException(ExitCode.ClusterUnavailable, PlainText.OneLine($"'{path}': {e.Message}"));
        }
        catch (NpgsqlException e)
        {
            throw new ClientException(ExitCode.ClusterUnavailable, PlainText.OneLine($"cluster.connection of '{path}': PostgreSQL refused: {e.Message}"));
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            throw new ClientException(ExitCode.InvalidInput, $"cluster.connection of '{path}': found a text that cannot be read; expected a connection string of PostgreSQL. For example Host=127.0.0.1;Username=spo;Database=spo.");
        }
    }
}
