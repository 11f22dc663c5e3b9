using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using SpoActors.Grains.Interfaces.Identity;

namespace SpoActors.Grains.Placement;

/// <summary>Places a device's grain on the silo that its key names, whoever calls it.</summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class DevicePlacementAttribute() : PlacementAttribute(new DevicePlacement());

/// <summary>Strategy of <see cref="DevicePlacementAttribute"/>.</summary>
[GenerateSerializer, Immutable, Alias("spo.DevicePlacement")]
public sealed class DevicePlacement : PlacementStrategy;

/// <summary>Reads the silo's name from the grain's key.</summary>
public sealed class DevicePlacementDirector(SiloNames silos) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var name = WorkerId.SiloOf(target.GrainIdentity.Key.ToString()!);
        return silos.Find(name) is { } silo
            ? Task.FromResult(silo)
            : Task.FromException<SiloAddress>(new SiloUnavailableException($"no live silo is named '{name}'"));
    }
}
