using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using SpoActors.Clustering;
using SpoActors.Specification;
using SpoActors.Specification.Silos;

namespace SpoActors.Client.Clusters;

/// <summary>Connects through the gateways that the cluster's storage lists.</summary>
sealed class GatewayConnector(TimeProvider time) : IClusterConnector
{
    const int Attempts = 5;

    public async Task<IClusterConnection> ConnectAsync(string settings, CancellationToken cancellation)
    {
        var cluster = SiloSettingsFile.Read(settings).Cluster;
        await CheckStorageAsync(cluster, settings, cancellation);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IHostLifetime, CommandLifetime>();
        builder.UseOrleansClient(client => Configure(client, cluster));
        var host = builder.Build();
        try
        {
            await host.StartAsync(cancellation);
            return new Connection(host);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            host.Dispose();
            throw new ClientException(
                ExitCode.ClusterUnavailable,
                $"No silo of cluster '{cluster.Id}' answers ({cluster.Kind}, as '{settings}' says): {PlainText.OneLine(e.Message.Split('\n', 2)[0])} Start a silo, or name the right file with --cluster.");
        }
    }

    /// <summary>What is wrong with the storage says more than that no silo is found in it.</summary>
    static async Task CheckStorageAsync(ClusterSettings cluster, string settings, CancellationToken cancellation)
    {
        try
        {
            await StorageProbe.AskAsync(cluster, cancellation);
        }
        catch (Exception e) when (e is not (SpecificationException or OperationCanceledException))
        {
            var what = e is StorageUnavailableException ? e.Message : $"{cluster.Kind} does not answer ({PlainText.OneLine(e.Message)}); start it, or correct cluster.connection";
            throw new ClientException(ExitCode.ClusterUnavailable, $"No silo of cluster '{cluster.Id}' can be found, as '{settings}' says: {what}.");
        }
    }

    void Configure(IClientBuilder client, ClusterSettings cluster)
    {
        client.UseGateways(cluster);
        client.Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = TimeSpan.FromSeconds(5));
        var attempts = 0;
        client.UseConnectionRetryFilter(async (_, cancellation) =>
        {
            if (++attempts >= Attempts) return false;
            await Task.Delay(TimeSpan.FromSeconds(1), time, cancellation);
            return true;
        });
    }

    sealed class Connection(IHost host) : IClusterConnection
    {
        public IGrainFactory Grains => host.Services.GetRequiredService<IClusterClient>();

        public async ValueTask DisposeAsync()
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            await host.StopAsync(patience.Token);
            host.Dispose();
        }
    }
}
