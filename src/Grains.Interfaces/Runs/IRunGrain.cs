using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Grains.Interfaces.Workers;

namespace SpoActors.Grains.Interfaces.Runs;

/// <summary>
/// A run: its status, its ledger of items and the dispatch of prompts. Keyed by the run's id. Workers call it; it calls no worker.
/// </summary>
[Alias("spo.IRunGrain")]
public interface IRunGrain : IGrainWithStringKey
{
    // Clients.

    /// <summary>Starts the run, or goes on with it. Idempotent.</summary>
    /// <exception cref="PipelineException">Another version, a bad specification, or another one under the same id.</exception>
    [Alias("Start")]
    Task<RunSnapshot> StartAsync(StartRun request, CancellationToken cancellation);

    /// <summary>Pauses, resumes or cancels.</summary>
    /// <exception cref="PipelineException">There is no such run, or it is finished.</exception>
    [Alias("Control")]
    Task<RunSnapshot> ControlAsync(ControlRun request, CancellationToken cancellation);

    /// <exception cref="PipelineException">There is no such run.</exception>
    [Alias("Describe")]
    Task<RunSnapshot> DescribeAsync(DescribeRun request, CancellationToken cancellation);

    /// <exception cref="PipelineException">There is no such run.</exception>
    [Alias("ReadEvents")]
    Task<EventsRead> ReadEventsAsync(ReadEvents request, CancellationToken cancellation);

    // All workers.

    [Alias("Join")]
    Task<JoinedRun> JoinAsync(JoinRun request, CancellationToken cancellation);

    [Alias("Report")]
    Task<WorkerOrders> ReportAsync(WorkerReport report, CancellationToken cancellation);

    [Alias("Leave")]
    Task<Acknowledged> LeaveAsync(WorkerLeft request, CancellationToken cancellation);

    /// <summary>An execution failed. Idempotent by lease.</summary>
    [Alias("Fail")]
    Task<Acknowledged> FailAsync(ItemFailure failure, CancellationToken cancellation);

    /// <summary>The run's numbers are no longer finite: it is paused, and says why. Idempotent.</summary>
    [Alias("Diverged")]
    Task<Acknowledged> DivergedAsync(RunDiverged report, CancellationToken cancellation);

    // Samplers.

    /// <summary>Waits for an item.</summary>
    [Alias("Lease")]
    Task<LeaseResponse> LeaseAsync(LeaseRequest request, CancellationToken cancellation);

    /// <summary>A sampler on probation has done its item. Idempotent.</summary>
    [Alias("Probed")]
    Task<Acknowledged> ProbedAsync(ItemProbed request, CancellationToken cancellation);

    // The trainer.

    [Alias("ClaimTrainer")]
    Task<TrainerClaimed> ClaimTrainerAsync(TrainerClaim request, CancellationToken cancellation);

    [Alias("TrainerReady")]
    Task<TrainerReply> TrainerReadyAsync(TrainerReady request, CancellationToken cancellation);

    /// <summary>Idempotent by lease.</summary>
    [Alias("ItemScored")]
    Task<TrainerReply> ItemScoredAsync(ItemScored request, CancellationToken cancellation);

    /// <summary>Waits for a complete round.</summary>
    [Alias("AwaitRound")]
    Task<RoundResponse> AwaitRoundAsync(RoundRequest request, CancellationToken cancellation);

    /// <summary>Checks the epoch against the storage's ETag, so that a twin trainer never replaces the manifest.</summary>
    [Alias("AuthoriseCommit")]
    Task<TrainerReply> AuthoriseCommitAsync(CommitRequest request, CancellationToken cancellation);

    /// <summary>Idempotent by round.</summary>
    [Alias("RoundTrained")]
    Task<TrainerReply> RoundTrainedAsync(RoundTrained request, CancellationToken cancellation);

    [Alias("TrainerLeft")]
    Task<Acknowledged> TrainerLeftAsync(TrainerLeft request, CancellationToken cancellation);
}
