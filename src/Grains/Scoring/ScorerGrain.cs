using Orleans.Concurrency;
using Orleans.Placement;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Grains.Placement;
using SpoActors.Grains.Workers;

namespace SpoActors.Grains.Scoring;

/// <summary>Front of a device's scorer.</summary>
[Reentrant, KeepAlive, Immovable, DevicePlacement]
public sealed class ScorerGrain(DeviceWorkers workers) : Grain, IScorerGrain
{
    public async Task<DeliveryReceipt> DeliverAsync(CandidatePoolMessage pool, CancellationToken cancellation) =>
        Session is { } session ? await session.AcceptAsync(pool, cancellation) : new DeliveryReceipt(DeliveryOutcome.NotServing);

    public Task<WorkerReport?> DescribeAsync(CancellationToken cancellation) => Task.FromResult(Session?.Report());

    ScorerSession? Session => workers.Session<ScorerSession>(WorkerRole.Scorer, this.GetPrimaryKeyString());
}
