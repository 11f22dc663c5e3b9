using Orleans.Runtime;
using SpoActors.Grains.Placement;
using SpoActors.Grains.Workers;

namespace SpoActors.Grains.Hosting;

/// <summary>
/// Ends a silo that has joined a cluster in which an older one has its name, before it takes work. The host looks before joining where it
/// can; two that join at once only meet here.
/// </summary>
sealed class UniqueSiloName(WorkerOptions options, SiloNames silos) : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(nameof(UniqueSiloName), ServiceLifecycleStage.Active, Ensure);

    Task Ensure(CancellationToken cancellation) => silos.Elder(options.Silo) is { } other
        ? Task.FromException(new ClusterConflictException($"name: '{options.Silo}' belongs to a living silo of the cluster, at {other.Endpoint}; give this silo another name, or stop the other"))
        : Task.CompletedTask;
}
