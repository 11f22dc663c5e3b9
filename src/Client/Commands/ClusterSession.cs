using SpoActors.Client.Clusters;
using SpoActors.Client.Console;

namespace SpoActors.Client.Commands;

/// <summary>What commands on a cluster share.</summary>
/// <param name="Connector">Finds the cluster.</param>
/// <param name="Output">Where they write.</param>
/// <param name="Time">Their clock.</param>
sealed record ClusterServices(IClusterConnector Connector, IConsoleOutput Output, TimeProvider Time);

/// <summary>A command's time with a cluster.</summary>
sealed record ClusterSession(IGrainFactory Grains, ClusterCalls Calls)
{
    public RunClient Run(string id) => new(Grains, Calls, id);
}
