using System.CommandLine;
using SpoActors.Client.Clusters;
using SpoActors.Client.Console;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Catalogue;

namespace SpoActors.Client.Commands;

/// <summary><c>spo list</c>: the runs of a cluster.</summary>
sealed class ListCommand(ClusterServices services) : ClusterCommand("list", "List the runs of a cluster, oldest first.", services)
{
    protected override async Task<ExitCode> ExecuteAsync(ParseResult parsed, ClusterSession session, CancellationToken cancellation)
    {
        var catalogue = session.Grains.GetGrain<ICatalogueGrain>(ICatalogueGrain.Key);
        var list = await session.Calls.CallAsync(
            token => catalogue.ListAsync(new ListRuns(Protocol.Version, OnlyRunning: false, Wait: false), token), cancellation);
        Output.Result(parsed.GetValue(Format), list, ClusterTables.Runs);
        return ExitCode.Success;
    }
}
