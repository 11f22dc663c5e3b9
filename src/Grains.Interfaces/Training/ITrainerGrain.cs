using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Interfaces.Workers;

namespace SpoActors.Grains.Interfaces.Training;

/// <summary>The trainer of a device, addressed by silo/device.</summary>
[Alias("spo.ITrainerGrain")]
public interface ITrainerGrain : IGrainWithStringKey
{
    /// <summary>Hands a scored pool over. Idempotent by lease and segment; late and duplicate ones are dropped.</summary>
    [Alias("Deliver")]
    Task<DeliveryReceipt> DeliverAsync(ScoredPoolMessage pool, CancellationToken cancellation);

    /// <summary>Reads part of a published adapter. Idempotent.</summary>
    /// <exception cref="PipelineException">This trainer doesn't hold it.</exception>
    [Alias("ReadAdapter")]
    Task<AdapterChunk> ReadAdapterAsync(AdapterChunkRequest request, CancellationToken cancellation);

    /// <summary>What the device does now.</summary>
    [Alias("Describe")]
    Task<WorkerReport?> DescribeAsync(CancellationToken cancellation);
}
