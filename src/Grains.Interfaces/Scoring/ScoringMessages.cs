using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Grains.Interfaces.Sampling;

namespace SpoActors.Grains.Interfaces.Scoring;

/// <summary>What became of something that was delivered.</summary>
public enum DeliveryOutcome
{
    /// <summary>Taken, now or before.</summary>
    Accepted,

    /// <summary>The queue is full: deliver again.</summary>
    Busy,

    /// <summary>The receiver doesn't work on this run, or under another epoch: give the item up.</summary>
    NotServing,
}

/// <summary>Answer to a delivery.</summary>
[GenerateSerializer, Immutable, Alias("spo.DeliveryReceipt")]
public sealed record DeliveryReceipt([property: Id(0)] DeliveryOutcome Outcome);

/// <summary>The verdict on a pool and the pairs cut out of it.</summary>
/// <param name="Lease">The lease that produced it.</param>
/// <param name="Segment">Index of the segment.</param>
/// <param name="PoolCount">Pools that the item yields in all.</param>
/// <param name="Scores">Scores of all candidates.</param>
/// <param name="Transitions">Prompts times transitions: the pairs there would be if all were kept.</param>
/// <param name="Pairs">The kept pairs.</param>
/// <param name="SampleSeconds">Time that the sampler's device took for the pool.</param>
/// <param name="ScoreSeconds">Time that the scorer's device took.</param>
[GenerateSerializer, Immutable, Alias("spo.ScoredPool")]
public sealed record ScoredPoolMessage(
    [property: Id(0)] ItemLease Lease,
    [property: Id(1)] int Segment,
    [property: Id(2)] int PoolCount,
    [property: Id(3)] IReadOnlyList<float> Scores,
    [property: Id(4)] int Transitions,
    [property: Id(5)] IReadOnlyList<PairPayload> Pairs,
    [property: Id(6)] double SampleSeconds = 0,
    [property: Id(7)] double ScoreSeconds = 0)
{
    /// <summary>Bytes of its tensors.</summary>
    public long Bytes => Pairs.Sum(p => p.Bytes);
}

/// <summary>A win and a lose transition of one prompt at one timestep; tensors of [C, H, W].</summary>
/// <param name="Id">Identity.</param>
/// <param name="Timestep">t.</param>
/// <param name="Win">Candidate that won.</param>
/// <param name="Lose">Candidate that lost.</param>
/// <param name="CurrentWin">x_t of the win transition.</param>
/// <param name="CurrentLose">x_t of the lose transition; null where it is the same.</param>
/// <param name="NextWin">x_{t-1} of the win transition.</param>
/// <param name="NextLose">x_{t-1} of the lose transition.</param>
[GenerateSerializer, Immutable, Alias("spo.Pair")]
public sealed record PairPayload(
    [property: Id(0)] PairId Id,
    [property: Id(1)] long Timestep,
    [property: Id(2)] int Win,
    [property: Id(3)] int Lose,
    [property: Id(4)] TensorPayload CurrentWin,
    [property: Id(5)] TensorPayload? CurrentLose,
    [property: Id(6)] TensorPayload NextWin,
    [property: Id(7)] TensorPayload NextLose)
{
    public long Bytes => CurrentWin.Bytes.Length + (CurrentLose?.Bytes.Length ?? 0) + NextWin.Bytes.Length + (long)NextLose.Bytes.Length;
}
