using Orleans.Runtime;
using SpoActors.Grains.Workers;

namespace SpoActors.Grains.Hosting;

/// <summary>
/// Ends a silo that has joined a cluster in which an older one has its name, before it takes work. The host looks before joining where it
/// can; two that join at once only meet here.
/// </summary>
sealed class UniqueSiloName(WorkerOptions options, ILocalSiloDetails self, IClusterMembershipService membership) : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle observer) => observer.Subscribe(nameof(UniqueSiloName), ServiceLifecycleStage.Active, EnsureAsync);

    async Task EnsureAsync(CancellationToken cancellation)
    {
        // What this silo has heard so far may be older than the other.
        await membership.Refresh(default, cancellation);
        var elder = membership.CurrentSnapshot.Members.Values.FirstOrDefault(m =>
            m.Name == options.Silo && m.Status == SiloStatus.Active && !m.SiloAddress.Endpoint.Equals(self.SiloAddress.Endpoint) && m.SiloAddress.CompareTo(self.SiloAddress) < 0);
        if (elder is not null)
            throw new ClusterConflictException($"name: '{options.Silo}' belongs to a living silo of the cluster, at {elder.SiloAddress.Endpoint}; give this silo another name, or stop the other");
    }
}
