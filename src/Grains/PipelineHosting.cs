using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Orleans.Hosting;
using Orleans.Runtime.Hosting;
using Prometheus;
using SpoActors.Grains.Compute;
using SpoActors.Grains.Health;
using SpoActors.Grains.Hosting;
using SpoActors.Grains.Placement;
using SpoActors.Grains.Resilience;
using SpoActors.Grains.Runs;
using SpoActors.Grains.Telemetry;
using SpoActors.Grains.Workers;

namespace SpoActors.Grains;

/// <summary>Adds the pipeline to a silo.</summary>
public static class PipelineHosting
{
    /// <summary>Grains, placement, workers and metrics. Storage (under <c>RunGrain.StorageName</c>) and clustering are the host's.</summary>
    /// <param name="compute">Makes the computing part of the workers.</param>
    /// <param name="registry">Where metrics go; null for the process's own.</param>
    public static ISiloBuilder AddSpoPipeline(
        this ISiloBuilder silo, WorkerOptions options, Func<IServiceProvider, IComputeFactory> compute, CollectorRegistry? registry = null)
    {
        var services = silo.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddSingleton<SiloNames>();
        services.AddSingleton<Calls>();
        services.TryAddSingleton(new HealthOptions());
        services.AddSingleton<DeviceWorkers>();
        services.AddSingleton(new PipelineInstruments(registry ?? Metrics.DefaultRegistry));
        services.AddSingleton(provider => new WorkerServices(
            options, provider.GetRequiredService<IGrainFactory>(), compute(provider), provider.GetRequiredService<Calls>(),
            provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<PipelineInstruments>(), provider.GetRequiredService<ILoggerFactory>()));
        services.AddSingleton<SiloStopping>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<SiloStopping>());
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, UniqueSiloName>();
        services.AddSingleton<WorkerHost>();
        services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(provider => provider.GetRequiredService<WorkerHost>());
        services.AddPlacementDirector<DevicePlacement, DevicePlacementDirector>();
        // The default directory lets a run's grain, or one that holds state in memory, exist twice while silos join; this one does not, and
        // grains on living silos outlive the silo that knew where they are. Orleans 10 still calls it experimental (docs/decisions.md).
#pragma warning disable ORLEANSEXP003
        silo.AddDistributedGrainDirectory();
#pragma warning restore ORLEANSEXP003
        return silo;
    }
}
