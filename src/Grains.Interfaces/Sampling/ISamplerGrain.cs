using SpoActors.Grains.Interfaces.Workers;

namespace SpoActors.Grains.Interfaces.Sampling;

/// <summary>The sampler of a device, addressed by silo/device. It asks the run for work; nobody sends it any.</summary>
[Alias("spo.ISamplerGrain")]
public interface ISamplerGrain : IGrainWithStringKey
{
    /// <summary>What the device does now.</summary>
    [Alias("Describe")]
    Task<WorkerReport?> DescribeAsync(CancellationToken cancellation);
}
