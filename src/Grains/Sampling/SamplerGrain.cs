using Orleans.Concurrency;
using Orleans.Placement;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Grains.Placement;
using SpoActors.Grains.Workers;

namespace SpoActors.Grains.Sampling;

/// <summary>Front of a device's sampler.</summary>
[Reentrant, KeepAlive, Immovable, DevicePlacement]
public sealed class SamplerGrain(DeviceWorkers workers) : Grain, ISamplerGrain
{
    public Task<WorkerReport?> DescribeAsync(CancellationToken cancellation) =>
        Task.FromResult(workers.Session<SamplerSession>(WorkerRole.Sampler, this.GetPrimaryKeyString())?.Report());
}
