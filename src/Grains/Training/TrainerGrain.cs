using Orleans.Concurrency;
using Orleans.Placement;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Grains.Placement;
using SpoActors.Grains.Workers;

namespace SpoActors.Grains.Training;

/// <summary>Front of a device's trainer.</summary>
[Reentrant, KeepAlive, Immovable, DevicePlacement]
public sealed class TrainerGrain(DeviceWorkers workers) : Grain, ITrainerGrain
{
    public async Task<DeliveryReceipt> DeliverAsync(ScoredPoolMessage pool, CancellationToken cancellation) =>
        Session is { } session ? await session.AcceptAsync(pool, cancellation) : new DeliveryReceipt(DeliveryOutcome.NotServing);

    public Task<AdapterChunk> ReadAdapterAsync(AdapterChunkRequest request, CancellationToken cancellation) =>
        Task.FromResult((Session ?? throw new PipelineException($"{this.GetPrimaryKeyString()} trains no run")).Read(request));

    public Task<WorkerReport?> DescribeAsync(CancellationToken cancellation) => Task.FromResult(Session?.Report());

    TrainerSession? Session => workers.Session<TrainerSession>(WorkerRole.Trainer, this.GetPrimaryKeyString());
}
