using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Interfaces.Training;

namespace SpoActors.Grains.Runs;

/// <summary>
/// What a run must not forget. Not the ledger: pairs that are not in the trainer's manifest are computed again, so the ledger is rebuilt
/// from where the trainer stands.
/// </summary>
[GenerateSerializer, Alias("spo.RunState")]
public sealed class RunState
{
    /// <summary>Canonical text; empty if the run does not exist.</summary>
    [Id(0)]
    public string Specification { get; set; } = "";

    [Id(1)]
    public RunStatus Status { get; set; }

    /// <summary>Why it is paused.</summary>
    [Id(2)]
    public string Reason { get; set; } = "";

    [Id(3)]
    public DateTimeOffset Started { get; set; }

    /// <summary>The fence: only the trainer of this epoch may commit.</summary>
    [Id(4)]
    public long TrainerEpoch { get; set; }

    /// <summary>Activations of the grain; keeps lease epochs of different activations apart.</summary>
    [Id(5)]
    public long Incarnation { get; set; }

    [Id(6)]
    public int NextRound { get; set; }

    [Id(7)]
    public ConsumedTotals Totals { get; set; } = new(0, "");

    [Id(8)]
    public AdapterReference? Adapter { get; set; }

    [Id(9)]
    public Dictionary<ItemId, string> SetAside { get; set; } = [];

    /// <summary>The trainer of the epoch; null when it has left.</summary>
    [Id(10)]
    public WorkerId? Trainer { get; set; }

    /// <summary>Tells the owner of <see cref="TrainerEpoch"/> from that of the same number before the storage lost a write.</summary>
    [Id(11)]
    public Guid TrainerNonce { get; set; }

    /// <summary>What a trainer's folder must hold; null before the first commit.</summary>
    [Id(12)]
    public CommittedRound? Committed { get; set; }

    /// <summary>A person has allowed the next trainer to go on from less.</summary>
    [Id(13)]
    public bool MayRegress { get; set; }

    /// <summary>Counts changes of the settings.</summary>
    [Id(14)]
    public int Revision { get; set; }
}

/// <summary>What a reader of events finds again when the run has moved to another silo; stored apart, since most writes don't change it.</summary>
[GenerateSerializer, Alias("spo.RunEvents")]
public sealed class RunEvents
{
    /// <summary>Identity of the numbering; empty before the first event.</summary>
    [Id(0)]
    public string Stream { get; set; } = "";

    /// <summary>The last events, in order.</summary>
    [Id(1)]
    public List<RunEventRecord> Kept { get; set; } = [];
}

/// <summary>The prompts; stored apart from the state that changes.</summary>
[GenerateSerializer, Alias("spo.RunPrompts")]
public sealed class RunPrompts
{
    [Id(0)]
    public PromptsPayload? Prompts { get; set; }
}
