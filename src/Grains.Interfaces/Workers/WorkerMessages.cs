using SpoActors.Grains.Interfaces.Identity;

namespace SpoActors.Grains.Interfaces.Workers;

/// <summary>A worker asks what a run is.</summary>
[GenerateSerializer, Immutable, Alias("spo.JoinRun")]
public sealed record JoinRun([property: Id(0)] int ProtocolVersion, [property: Id(1)] WorkerId Worker);

/// <param name="Status">Of the run.</param>
/// <param name="Specification">Canonical text.</param>
/// <param name="RoundCount">Rounds of the run.</param>
/// <param name="PromptCount">Prompts in its list.</param>
/// <param name="EvaluationPrompts">What the before/after samples are drawn of.</param>
/// <param name="PromptsHash">Hash of the list of prompts, which the run's manifest records.</param>
/// <param name="Revision">Counts changes of its settings.</param>
/// <param name="Identity">Tells the run from one of the same name in another cluster.</param>
[GenerateSerializer, Immutable, Alias("spo.JoinedRun")]
public sealed record JoinedRun(
    [property: Id(0)] RunStatus Status,
    [property: Id(1)] string Specification,
    [property: Id(2)] int RoundCount,
    [property: Id(3)] int PromptCount,
    [property: Id(4)] IReadOnlyList<string> EvaluationPrompts,
    [property: Id(5)] string PromptsHash,
    [property: Id(6)] string Identity,
    [property: Id(7)] int Revision);

/// <summary>Heartbeat of a worker: renews the leases it holds, and says how it is.</summary>
/// <param name="Worker">Worker.</param>
/// <param name="Held">Leases of which it holds a part.</param>
/// <param name="Load">How busy it is.</param>
/// <param name="AdapterVersion">Adapter that a sampler has loaded.</param>
/// <param name="TrainerEpoch">Epoch that a trainer works under.</param>
/// <param name="Draining">It finishes what it has and takes nothing new.</param>
/// <param name="Problem">Why it takes no work: a model that its silo lacks, for example.</param>
/// <param name="IsReady">Whether it has loaded what it needs.</param>
[GenerateSerializer, Immutable, Alias("spo.WorkerReport")]
public sealed record WorkerReport(
    [property: Id(0)] WorkerId Worker,
    [property: Id(1)] IReadOnlyList<LeaseId> Held,
    [property: Id(2)] WorkerLoad Load,
    [property: Id(3)] int? AdapterVersion,
    [property: Id(4)] TrainerEpoch? TrainerEpoch,
    [property: Id(5)] bool Draining,
    [property: Id(6)] string? Problem,
    [property: Id(7)] bool IsReady);

/// <summary>How busy a worker is.</summary>
/// <param name="BusyShare">Share of the time since the last report in which the device worked for this role, 0..1.</param>
/// <param name="QueueDepth">Pools or items that wait in front of it.</param>
/// <param name="QueueBytes">Their bytes.</param>
/// <param name="Done">Items, pools or pairs done since it joined.</param>
/// <param name="Rate">The same per second, since the last report.</param>
[GenerateSerializer, Immutable, Alias("spo.WorkerLoad")]
public sealed record WorkerLoad(
    [property: Id(0)] double BusyShare,
    [property: Id(1)] int QueueDepth,
    [property: Id(2)] long QueueBytes,
    [property: Id(3)] long Done,
    [property: Id(4)] double Rate);

/// <summary>Answer to a heartbeat.</summary>
/// <param name="Status">Of the run.</param>
/// <param name="Lost">Leases that are no longer valid: stop working on them.</param>
/// <param name="Assigned">Items whose pools may still come to this scorer.</param>
/// <param name="Standing">For a trainer: whether it still owns the run.</param>
/// <param name="Leave">Another run has more right to the worker: finish what was begun, and look for work again.</param>
/// <param name="Revision">Of the run's settings: with another than it joined with, a worker finishes what it has begun and joins again.</param>
[GenerateSerializer, Immutable, Alias("spo.WorkerOrders")]
public sealed record WorkerOrders(
    [property: Id(0)] RunStatus Status,
    [property: Id(1)] IReadOnlyList<LeaseId> Lost,
    [property: Id(2)] int Assigned,
    [property: Id(3)] TrainerStanding Standing,
    [property: Id(4)] int Revision,
    [property: Id(5)] bool Leave);

/// <summary>A worker has found that the run cannot go on, since doing the same again gives the same.</summary>
[GenerateSerializer, Immutable, Alias("spo.RunDiverged")]
public sealed record RunDiverged([property: Id(0)] WorkerId Worker, [property: Id(1)] string Reason);

/// <summary>A worker leaves in good order.</summary>
/// <param name="Worker">Worker.</param>
/// <param name="Unfinished">Leases that it has begun and not passed on; the others are in the hands of the next stage.</param>
[GenerateSerializer, Immutable, Alias("spo.WorkerLeft")]
public sealed record WorkerLeft([property: Id(0)] WorkerId Worker, [property: Id(1)] IReadOnlyList<LeaseId> Unfinished);
