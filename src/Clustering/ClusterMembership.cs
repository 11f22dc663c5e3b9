using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using SpoActors.Specification.Silos;
using StackExchange.Redis;

namespace SpoActors.Clustering;

/// <summary>How the members of each kind of cluster find each other, and how clients find a member.</summary>
/// <remarks>
/// The cluster's id is Orleans' cluster id, under which members find each other, and its service id, under which grains are stored: two
/// clusters in one database share nothing.
/// </remarks>
public static class ClusterMembership
{
    /// <summary>ADO.NET's name of PostgreSQL's driver.</summary>
    public const string Postgres = "Npgsql";

    /// <summary>Makes a silo a member. On localhost this sets its end points too.</summary>
    public static void UseMembership(this ISiloBuilder silo, ClusterSettings cluster)
    {
        silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (cluster.Id, cluster.Id));
        switch (cluster.Kind)
        {
            case "postgres":
                silo.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = (Postgres, cluster.Connection!));
                break;
            case "redis":
                silo.UseRedisClustering(o => o.ConfigurationOptions = ConfigurationOptions.Parse(cluster.Connection!));
                break;
            default:
                var primary = cluster.Primary is { } other ? System.Net.IPEndPoint.Parse(other) : null;
                silo.UseLocalhostClustering(cluster.SiloPort, cluster.GatewayPort, primary, cluster.Id, cluster.Id);
                break;
        }
    }

    /// <summary>Lets a client find the members' gateways.</summary>
    public static void UseGateways(this IClientBuilder client, ClusterSettings cluster)
    {
        switch (cluster.Kind)
        {
            case "postgres":
                client.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = (Postgres, cluster.Connection!));
                break;
            case "redis":
                client.UseRedisClustering(o => o.ConfigurationOptions = ConfigurationOptions.Parse(cluster.Connection!));
                break;
            default:
                client.UseLocalhostClustering(cluster.GatewayPort, cluster.Id, cluster.Id);
                break;
        }
        client.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (cluster.Id, cluster.Id));
    }
}
