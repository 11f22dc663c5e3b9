using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Workers;

namespace SpoActors.Grains.Interfaces.Training;

/// <summary>A trainer asks to own a run.</summary>
/// <param name="Worker">Trainer.</param>
/// <param name="Commit">The last commit in its run's folder; null where there is none.</param>
[GenerateSerializer, Immutable, Alias("spo.TrainerClaim")]
public sealed record TrainerClaim([property: Id(0)] WorkerId Worker, [property: Id(1)] FolderCommit? Commit);

/// <summary>A commit in a run's folder.</summary>
/// <param name="Epoch">Number of the trainer's epoch; the next one is above it, even if the cluster has forgotten the run.</param>
/// <param name="Round">What is committed.</param>
[GenerateSerializer, Immutable, Alias("spo.FolderCommit")]
public sealed record FolderCommit([property: Id(0)] long Epoch, [property: Id(1)] CommittedRound Round);

/// <summary>How far a run is committed.</summary>
/// <param name="NextRound">The first round that is not.</param>
/// <param name="Digest">Hash chain over the pairs consumed until then.</param>
[GenerateSerializer, Immutable, Alias("spo.CommittedRound")]
public sealed record CommittedRound([property: Id(0)] int NextRound, [property: Id(1)] string Digest);

/// <param name="Status">Of the run.</param>
/// <param name="Epoch">The new epoch; null when the claim is refused.</param>
/// <param name="Reason">Why it was refused.</param>
/// <param name="IsTheFolders">Whether it was for what the trainer's folder holds, which is a problem that somebody has to mend.</param>
[GenerateSerializer, Immutable, Alias("spo.TrainerClaimed")]
public sealed record TrainerClaimed(
    [property: Id(0)] RunStatus Status, [property: Id(1)] TrainerEpoch? Epoch, [property: Id(2)] string Reason, [property: Id(3)] bool IsTheFolders = false);

/// <summary>Where a trainer stands: sent after loading, and again whenever the run grain has lost its ledger.</summary>
/// <param name="Worker">Trainer.</param>
/// <param name="Epoch">Its epoch.</param>
/// <param name="NextRound">The round it will train on next.</param>
/// <param name="Totals">What it has consumed.</param>
/// <param name="Adapters">The adapters it can serve, the newest with version <paramref name="NextRound"/>.</param>
/// <param name="Held">Items that it holds completely.</param>
/// <param name="LastMetrics">Metrics of the round before, in case the run has not heard of it; null if there is none.</param>
[GenerateSerializer, Immutable, Alias("spo.TrainerReady")]
public sealed record TrainerReady(
    [property: Id(0)] WorkerId Worker,
    [property: Id(1)] TrainerEpoch Epoch,
    [property: Id(2)] int NextRound,
    [property: Id(3)] ConsumedTotals Totals,
    [property: Id(4)] IReadOnlyList<AdapterReference> Adapters,
    [property: Id(5)] IReadOnlyList<LeaseId> Held,
    [property: Id(6)] string? LastMetrics);

/// <summary>What a run has trained on.</summary>
/// <param name="Pairs">Pairs.</param>
/// <param name="Digest">Hash chain over them, in order.</param>
[GenerateSerializer, Immutable, Alias("spo.ConsumedTotals")]
public sealed record ConsumedTotals([property: Id(0)] long Pairs, [property: Id(1)] string Digest);

/// <summary>An item has arrived completely.</summary>
[GenerateSerializer, Immutable, Alias("spo.ItemScored")]
public sealed record ItemScored([property: Id(0)] TrainerEpoch Epoch, [property: Id(1)] LeaseId Lease);

/// <summary>Answer to a trainer.</summary>
[GenerateSerializer, Immutable, Alias("spo.TrainerReply")]
public sealed record TrainerReply([property: Id(0)] TrainerStanding Standing, [property: Id(1)] RunStatus Status);

/// <summary>A trainer waits for a round. The answer comes when the round is complete, or after a few seconds without.</summary>
[GenerateSerializer, Immutable, Alias("spo.RoundRequest")]
public sealed record RoundRequest([property: Id(0)] TrainerEpoch Epoch, [property: Id(1)] int Round);

/// <param name="Reply">Standing and status.</param>
/// <param name="Work">The round; null if it is not complete yet.</param>
[GenerateSerializer, Immutable, Alias("spo.RoundResponse")]
public sealed record RoundResponse([property: Id(0)] TrainerReply Reply, [property: Id(1)] RoundWork? Work);

/// <summary>A complete round.</summary>
/// <param name="Prompts">Its prompts.</param>
/// <param name="Items">The items to train on, in order; those set aside are not among them.</param>
/// <param name="AdapterVersion">Version that all items were sampled with.</param>
/// <param name="RoundCount">Rounds of the run.</param>
[GenerateSerializer, Immutable, Alias("spo.RoundWork")]
public sealed record RoundWork(
    [property: Id(0)] IReadOnlyList<string> Prompts, [property: Id(1)] IReadOnlyList<LeaseId> Items, [property: Id(2)] int AdapterVersion,
    [property: Id(3)] int RoundCount);

/// <summary>May the trainer of this epoch replace the manifest?</summary>
[GenerateSerializer, Immutable, Alias("spo.CommitRequest")]
public sealed record CommitRequest([property: Id(0)] TrainerEpoch Epoch, [property: Id(1)] int NextRound);

/// <summary>A round is trained on and its adapter published.</summary>
/// <param name="Epoch">Epoch of the trainer.</param>
/// <param name="NextRound">The round after it.</param>
/// <param name="Adapter">The new adapter.</param>
/// <param name="Totals">What is consumed now.</param>
/// <param name="Metrics">Metrics of the round.</param>
/// <param name="Committed">Whether a manifest was written.</param>
[GenerateSerializer, Immutable, Alias("spo.RoundTrained")]
public sealed record RoundTrained(
    [property: Id(0)] TrainerEpoch Epoch,
    [property: Id(1)] int NextRound,
    [property: Id(2)] AdapterReference Adapter,
    [property: Id(3)] ConsumedTotals Totals,
    [property: Id(4)] string Metrics,
    [property: Id(5)] bool Committed);

/// <summary>A trainer leaves in good order; another may claim the run at once.</summary>
/// <param name="Epoch">Its epoch.</param>
/// <param name="Committed">What it leaves in the run's folder.</param>
[GenerateSerializer, Immutable, Alias("spo.TrainerLeft")]
public sealed record TrainerLeft([property: Id(0)] TrainerEpoch Epoch, [property: Id(1)] CommittedRound Committed);
