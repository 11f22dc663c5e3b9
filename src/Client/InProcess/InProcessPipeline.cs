using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Prometheus;
using SpoActors.Grains;
using SpoActors.Grains.Compute;
using SpoActors.Grains.Hosting;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Runs;
using SpoActors.Grains.Workers;
using SpoActors.Specification;
using SpoActors.Specification.Prompts;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Progress;

namespace SpoActors.Client.InProcess;

/// <summary>
/// The one door through which <c>spo</c> meets grains: a silo inside this process whose device, or CPU workers, have every role, and with
/// membership and storage in memory. The run's folder is all that is kept; the grains and workers are those of a cluster.
/// </summary>
sealed class InProcessPipeline : IAsyncDisposable
{
    const string Silo = "local";

    readonly IHost host;
    readonly FailFastCompute compute;
    readonly RunSpecification run;
    readonly PromptsPayload prompts;

    /// <param name="run">A validated specification.</param>
    /// <param name="progress">Told of everything, one event at a time.</param>
    /// <param name="time">Measures the stages.</param>
    /// <exception cref="SpecificationException">The prompts cannot be used.</exception>
    public InProcessPipeline(RunSpecification run, IRunProgress progress, TimeProvider time)
    {
        this.run = run;
        var read = TrainingPrompts.Read(run);
        prompts = PromptsPayload.Pack(read.Texts, read.Hash);
        compute = new FailFastCompute(new TorchComputeFactory(time, new PipelineProgress(new PromptSchedule(read.Texts, run), progress)));
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IHostLifetime, CommandLifetime>();
        builder.Services.AddSingleton(time);
        builder.UseOrleans(silo =>
        {
            // No gateway: nobody but this process talks to it.
            silo.UseLocalhostClustering(FreePort(), gatewayPort: 0, serviceId: "spo", clusterId: Silo);
            silo.AddMemoryGrainStorage(RunGrain.StorageName);
            silo.Configure<SiloOptions>(o => o.SiloName = Silo);
            silo.AddSpoPipeline(
                new WorkerOptions
                {
                    Silo = Silo,
                    Devices = [.. DevicesOf(run.Model).Select(device => new DeviceRoles(device, Enum.GetValues<WorkerRole>()))],
                    RunsFolder = Path.GetFullPath(run.Output),
                    HoldsRunFolders = false,
                    Heartbeat = TimeSpan.FromMilliseconds(500),
                },
                _ => compute, Metrics.NewCustomRegistry());
        });
        host = builder.Build();
    }

    /// <summary>Runs, or goes on, to the end.</summary>
    /// <exception cref="ClientException">It cannot go on; the message says why.</exception>
    public async Task<RunSnapshot> ExecuteAsync(CancellationToken cancellation)
    {
        await host.StartAsync(cancellation);
        var grain = host.Services.GetRequiredService<IGrainFactory>().GetGrain<IRunGrain>(run.Name);
        try
        {
            await grain.StartAsync(new StartRun(Protocol.Version, SpecificationYaml.Write(run), prompts), cancellation);
            return await FollowAsync(grain, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // What the device is doing ends at its next safe point, not when it is done; complete rounds are committed.
            await host.Services.GetRequiredService<WorkerHost>().InterruptAsync();
            throw;
        }
    }

    async Task<RunSnapshot> FollowAsync(IRunGrain grain, CancellationToken cancellation)
    {
        var place = new EventsRead("", [], 0);
        for (long after = 0; ; after = place.Events.Count > 0 ? place.Events[^1].Sequence : after)
        {
            var reading = grain.ReadEventsAsync(new ReadEvents(Protocol.Version, place.Stream, after), cancellation);
            await await Task.WhenAny(reading, compute.Failure);
            place = await reading;
            var snapshot = await grain.DescribeAsync(new DescribeRun(Protocol.Version), cancellation);
            if (snapshot.Status == RunStatus.Finished) return snapshot;
            if (snapshot.Status == RunStatus.Paused) throw new ClientException(ExitCode.Failed, $"The run cannot go on: {snapshot.Reason}");
            if (snapshot.Workers.FirstOrDefault(w => w.Report.Problem is not null) is { } stuck)
            {
                // What loading or training found says more.
                if (compute.Failure.IsFaulted) await compute.Failure;
                var problem = stuck.Report.Problem!;
                // A worker that finds a setting too small names it first, as every problem of a configuration does.
                var isSetting = SpecificationKeys.All.Any(k => problem.StartsWith(k.Key + ":", StringComparison.Ordinal));
                throw new ClientException(isSetting ? ExitCode.InvalidInput : ExitCode.Failed, problem);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await host.StopAsync(patience.Token);
        host.Dispose();
    }

    /// <summary>A CPU has as many workers as its cores hold with the threads that the model is given; any other device is one.</summary>
    static IReadOnlyList<string> DevicesOf(ModelSpecification model) => model is { Device: "cpu", Threads: > 0 }
        ? [.. Enumerable.Range(0, Math.Max(1, Environment.ProcessorCount / model.Threads)).Select(i => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"cpu:{i}"))]
        : [model.Device];

    static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
