using System.Net;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using SpoActors.Grains.Runs;
using SpoActors.Silo.Settings;
using StackExchange.Redis;

namespace SpoActors.Silo.Storage;

/// <summary>Membership and grain storage of each kind of cluster.</summary>
static class ClusterStorage
{
    const string Postgres = "Npgsql";

    public static void Configure(ISiloBuilder silo, ClusterSettings cluster)
    {
        silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (cluster.Id, "spo"));
        switch (cluster.Kind)
        {
            case "postgres":
                silo.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = (Postgres, cluster.Connection!));
                silo.AddAdoNetGrainStorage(RunGrain.StorageName, o => (o.Invariant, o.ConnectionString) = (Postgres, cluster.Connection!));
                break;
            case "redis":
                silo.UseRedisClustering(o => o.ConfigurationOptions = ConfigurationOptions.Parse(cluster.Connection!));
                silo.AddRedisGrainStorage(RunGrain.StorageName, o => o.ConfigurationOptions = ConfigurationOptions.Parse(cluster.Connection!));
                break;
            default:
                var primary = cluster.Primary is { } other ? IPEndPoint.Parse(other) : null;
                silo.UseLocalhostClustering(cluster.SiloPort, cluster.GatewayPort, primary, "spo", cluster.Id);
                silo.AddMemoryGrainStorage(RunGrain.StorageName);
                return;
        }
        if (cluster.Kubernetes) silo.UseKubernetesHosting();
        else silo.ConfigureEndpoints(IPAddress.Parse(cluster.Address), cluster.SiloPort, cluster.GatewayPort);
    }
}
