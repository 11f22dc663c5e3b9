using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Workers;

namespace SpoActors.Grains.Interfaces.Scoring;

/// <summary>The scorer of a device, addressed by silo/device.</summary>
[Alias("spo.IScorerGrain")]
public interface IScorerGrain : IGrainWithStringKey
{
    /// <summary>Hands a pool over. Idempotent by lease and segment.</summary>
    /// <returns>Busy when the queue stayed full for a few seconds.</returns>
    [Alias("Deliver")]
    Task<DeliveryReceipt> DeliverAsync(CandidatePoolMessage pool, CancellationToken cancellation);

    /// <summary>What the device does now.</summary>
    [Alias("Describe")]
    Task<WorkerReport?> DescribeAsync(CancellationToken cancellation);
}
