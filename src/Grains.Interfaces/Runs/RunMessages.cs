using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Grains.Interfaces.Workers;

namespace SpoActors.Grains.Interfaces.Runs;

/// <summary>Starts a run, or goes on with one of the same id and specification.</summary>
/// <param name="ProtocolVersion">Of the client.</param>
/// <param name="Specification">Canonical text of the resolved specification.</param>
/// <param name="Prompts">The prompts, so that no silo needs the prompt file.</param>
[GenerateSerializer, Immutable, Alias("spo.StartRun")]
public sealed record StartRun(
    [property: Id(0)] int ProtocolVersion, [property: Id(1)] string Specification, [property: Id(2)] PromptsPayload Prompts);

public enum RunAction { Pause, Resume, Cancel }

/// <summary>Changes a run's status.</summary>
/// <param name="ProtocolVersion">Of the client.</param>
/// <param name="Action">What shall become of it.</param>
/// <param name="AllowRegression">Resume: the next trainer may go on from a folder that is behind what the run has committed.</param>
[GenerateSerializer, Immutable, Alias("spo.ControlRun")]
public sealed record ControlRun([property: Id(0)] int ProtocolVersion, [property: Id(1)] RunAction Action, [property: Id(2)] bool AllowRegression = false);

/// <summary>Asks where a run stands.</summary>
[GenerateSerializer, Immutable, Alias("spo.DescribeRun")]
public sealed record DescribeRun([property: Id(0)] int ProtocolVersion);

/// <summary>Where a run stands.</summary>
/// <param name="Run">Id.</param>
/// <param name="Status">Status.</param>
/// <param name="Reason">Why it does not go on, or what it waits for; empty when it moves.</param>
/// <param name="NextRound">The round that is trained on next.</param>
/// <param name="RoundCount">Rounds of the run.</param>
/// <param name="Adapter">The newest adapter.</param>
/// <param name="Totals">What has been consumed.</param>
/// <param name="TrainerEpoch">How often a trainer has taken the run over.</param>
/// <param name="Items">Items of the rounds that are open, by state, and what happened to leases.</param>
/// <param name="SetAside">Items given up, with their errors.</param>
/// <param name="Workers">The devices that work on it.</param>
/// <param name="Bottleneck">The stage that the others wait for; empty while unknown.</param>
[GenerateSerializer, Immutable, Alias("spo.RunSnapshot")]
public sealed record RunSnapshot(
    [property: Id(0)] string Run,
    [property: Id(1)] RunStatus Status,
    [property: Id(2)] string Reason,
    [property: Id(3)] int NextRound,
    [property: Id(4)] int RoundCount,
    [property: Id(5)] AdapterReference? Adapter,
    [property: Id(6)] ConsumedTotals Totals,
    [property: Id(7)] long TrainerEpoch,
    [property: Id(8)] ItemCounts Items,
    [property: Id(9)] IReadOnlyList<SetAsideItem> SetAside,
    [property: Id(10)] IReadOnlyList<WorkerView> Workers,
    [property: Id(11)] string Bottleneck)
{
    /// <summary>Settings that the call which this answers has changed: <c>key: before to after</c>.</summary>
    [Id(12)]
    public IReadOnlyList<string> Taken { get; init; } = [];
}

/// <summary>Counts of the ledger.</summary>
[GenerateSerializer, Immutable, Alias("spo.ItemCounts")]
public sealed record ItemCounts(
    [property: Id(0)] int Pending,
    [property: Id(1)] int Leased,
    [property: Id(2)] int Scored,
    [property: Id(3)] long Expired,
    [property: Id(4)] long DuplicatesDropped,
    [property: Id(5)] long Failures);

/// <summary>An item that failed too often.</summary>
[GenerateSerializer, Immutable, Alias("spo.SetAsideItem")]
public sealed record SetAsideItem([property: Id(0)] ItemId Item, [property: Id(1)] string Error);

/// <summary>A worker as the run sees it.</summary>
/// <param name="Report">Its last report.</param>
/// <param name="Silence">Time since then.</param>
/// <param name="Quarantine">Why it is kept from work, as far as the run is concerned; null while it isn't.</param>
[GenerateSerializer, Immutable, Alias("spo.WorkerView")]
public sealed record WorkerView([property: Id(0)] WorkerReport Report, [property: Id(1)] TimeSpan Silence, [property: Id(2)] Quarantine? Quarantine = null);

/// <summary>Asks for what happened after a place in the run's event stream.</summary>
/// <param name="ProtocolVersion">Of the client.</param>
/// <param name="Stream">The stream the place belongs to; empty to start.</param>
/// <param name="After">The last sequence number seen; 0 for all that is kept.</param>
/// <param name="Wait">Wait a few seconds if there is nothing.</param>
[GenerateSerializer, Immutable, Alias("spo.ReadEvents")]
public sealed record ReadEvents(
    [property: Id(0)] int ProtocolVersion, [property: Id(1)] string Stream, [property: Id(2)] long After, [property: Id(3)] bool Wait = true);

/// <param name="Stream">Another one only if the storage was lost; numbers then start again.</param>
/// <param name="Events">In order.</param>
/// <param name="Missed">Events that are no longer kept between the place asked for and the first one here.</param>
[GenerateSerializer, Immutable, Alias("spo.EventsRead")]
public sealed record EventsRead([property: Id(0)] string Stream, [property: Id(1)] IReadOnlyList<RunEventRecord> Events, [property: Id(2)] long Missed);

/// <summary>Something that happened in a run.</summary>
/// <param name="Sequence">1, 2, 3 ...</param>
/// <param name="Time">When.</param>
/// <param name="Kind">round, adapter, lease, failure, worker, status.</param>
/// <param name="Text">What.</param>
[GenerateSerializer, Immutable, Alias("spo.RunEventRecord")]
public sealed record RunEventRecord(
    [property: Id(0)] long Sequence, [property: Id(1)] DateTimeOffset Time, [property: Id(2)] string Kind, [property: Id(3)] string Text);
