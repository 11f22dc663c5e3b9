using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using SpoActors.Grains.Compute;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Silo.Hosting;
using SpoActors.Specification;
using SpoActors.Specification.Silos;
using SpoActors.Specification.Yaml;

namespace SpoActors.Benchmarks.ControlPlane;

/// <summary>Silos in this process, talking over loopback, with membership and storage in memory.</summary>
public sealed class Cluster : IAsyncDisposable
{
    readonly List<WebApplication> silos = [];
    readonly string folder = Directory.CreateTempSubdirectory("spo-benchmark").FullName;

    public static async Task<Cluster> StartAsync(IComputeFactory compute, params (string Roles, int Devices)[] parts)
    {
        var cluster = new Cluster();
        var primary = FreePort();
        foreach (var (roles, devices) in parts)
        {
            var isPrimary = cluster.silos.Count == 0;
            var silo = SiloApplication.Build(
                new SiloSettings
                {
                    Name = $"silo-{cluster.silos.Count}",
                    Roles = roles.Split(','),
                    Devices = [.. Enumerable.Range(0, devices).Select(i => new DeviceSettings { Device = $"cpu:{i}" })],
                    RunsFolder = cluster.folder,
                    Cluster = new ClusterSettings { SiloPort = isPrimary ? primary : FreePort(), GatewayPort = FreePort(), Primary = isPrimary ? null : $"127.0.0.1:{primary}" },
                    Http = new HttpSettings { Port = FreePort(), Dashboard = false },
                },
                _ => compute);
            cluster.silos.Add(silo);
            await silo.StartAsync().ConfigureAwait(false);
        }
        return cluster;
    }

    /// <summary>Runs to the end.</summary>
    /// <returns>From the start to the end, as the client sees it.</returns>
    public async Task<(RunSnapshot End, TimeSpan Time)> RunAsync(RunSpecification run, IReadOnlyList<string> prompts)
    {
        var grain = silos[0].Services.GetRequiredService<IGrainFactory>().GetGrain<IRunGrain>(run.Name);
        var started = TimeProvider.System.GetTimestamp();
        await grain.StartAsync(new StartRun(Protocol.Version, SpecificationYaml.Write(run), PromptsPayload.Pack(prompts)), CancellationToken.None).ConfigureAwait(false);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (await timer.WaitForNextTickAsync().ConfigureAwait(false))
        {
            var snapshot = await grain.DescribeAsync(new DescribeRun(Protocol.Version), CancellationToken.None).ConfigureAwait(false);
            if (snapshot.Status != RunStatus.Running) return (snapshot, TimeProvider.System.GetElapsedTime(started));
        }
        throw new InvalidOperationException("the timer ended");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in Enumerable.Reverse(silos))
        {
            await silo.StopAsync().ConfigureAwait(false);
            await silo.DisposeAsync().ConfigureAwait(false);
        }
        Directory.Delete(folder, recursive: true);
    }

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
