using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using SpoActors.Clustering;
using SpoActors.Grains.Runs;
using SpoActors.Specification;
using SpoActors.Specification.Silos;
using StackExchange.Redis;

namespace SpoActors.Silo.Storage;

/// <summary>Membership and grain storage of each kind of cluster.</summary>
static class ClusterStorage
{
    public static void Configure(ISiloBuilder silo, ClusterSettings cluster)
    {
        silo.Configure<ClusterMembershipOptions>(o =>
        {
            var failure = TimeSpan.FromSeconds(cluster.FailureSeconds);
            (o.ProbeTimeout, o.NumMissedProbesLimit) = (failure / 3, 3);
            // A silo that starts contacts all members first, but for those that stopped saying that they are alive.
            o.IAmAliveTablePublishTimeout = failure;
        });
        silo.UseMembership(cluster);
        switch (cluster.Kind)
        {
            case "postgres":
                silo.AddAdoNetGrainStorage(RunGrain.StorageName, o => (o.Invariant, o.ConnectionString) = (ClusterMembership.Postgres, cluster.Connection!));
                break;
            case "redis":
                silo.AddRedisGrainStorage(RunGrain.StorageName, o => o.ConfigurationOptions = ConfigurationOptions.Parse(cluster.Connection!));
                break;
            default:
                silo.AddMemoryGrainStorage(RunGrain.StorageName);
                return;
        }
        if (cluster.Kubernetes)
        {
            silo.Configure<EndpointOptions>(o => (o.SiloPort, o.GatewayPort) = (cluster.SiloPort, cluster.GatewayPort));
            silo.UseKubernetesHosting();
        }
        else silo.ConfigureEndpoints(Resolve(cluster.Address), cluster.SiloPort, cluster.GatewayPort);
    }

    /// <summary>The address that a silo listens on.</summary>
    /// <exception cref="SpecificationException">The name cannot be looked up.</exception>
    internal static IPAddress Resolve(string address)
    {
        if (IPAddress.TryParse(address, out var ip)) return ip;
        try
        {
            return Dns.GetHostAddresses(address, AddressFamily.InterNetwork)[0];
        }
        catch (SocketException e)
        {
            throw new SpecificationException("the silo's settings", [new Problem("cluster.address", address, "a name that can be looked up", $"Correct it ({e.Message}).")]);
        }
    }
}
