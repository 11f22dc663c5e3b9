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

/// <summary>The verdict on a pool and the samples cut out of it.</summary>
/// <param name="Lease">The lease that produced it.</param>
/// <param name="Index">Place of the pool among those of its item.</param>
/// <param name="PoolCount">Pools that the item yields in all.</param>
/// <param name="Scores">Scores of all candidates; none where a person's verdict came with the pool.</param>
/// <param name="Possible">Samples there would be if all were kept.</param>
/// <param name="Samples">The kept samples.</param>
/// <param name="SampleSeconds">Time that the sampler's device took for the pool.</param>
/// <param name="ScoreSeconds">Time that the scorer's device took.</param>
[GenerateSerializer, Immutable, Alias("spo.ScoredPool")]
public sealed record ScoredPoolMessage(
    [property: Id(0)] ItemLease Lease,
    [property: Id(1)] int Index,
    [property: Id(2)] int PoolCount,
    [property: Id(3)] IReadOnlyList<float> Scores,
    [property: Id(4)] int Possible,
    [property: Id(5)] IReadOnlyList<SamplePayload> Samples,
    [property: Id(6)] double SampleSeconds = 0,
    [property: Id(7)] double ScoreSeconds = 0)
{
    /// <summary>Bytes of its tensors.</summary>
    public long Bytes => Samples.Sum(p => p.Bytes);
}

/// <summary>What one term of the loss is made of; the item is its pool's.</summary>
/// <param name="Step">Denoising step; 0 for images.</param>
/// <param name="PromptIndex">Index of the prompt in the round.</param>
/// <param name="Candidate">Candidate of a sample with one side; 0 for a pair.</param>
/// <param name="Timestep">t.</param>
/// <param name="IsTie">Whether neither side is preferred.</param>
/// <param name="Win">The preferred side, or the only one.</param>
/// <param name="Lose">The other side; null where there is one.</param>
[GenerateSerializer, Immutable, Alias("spo.Sample")]
public sealed record SamplePayload(
    [property: Id(0)] int Step,
    [property: Id(1)] int PromptIndex,
    [property: Id(2)] int Candidate,
    [property: Id(3)] double Timestep,
    [property: Id(4)] bool IsTie,
    [property: Id(5)] BranchPayload Win,
    [property: Id(6)] BranchPayload? Lose)
{
    public long Bytes => Win.Bytes + (Lose?.Bytes ?? 0);
}

/// <summary>One side of a sample; tensors of [C, H, W].</summary>
/// <param name="Candidate">Candidate of the pool.</param>
/// <param name="Current">x_t, or an image's clean latents; null on the lose side where it is the win side's.</param>
/// <param name="Next">x_{t-1}; null for an image.</param>
/// <param name="Score">What the judge said.</param>
/// <param name="LogProb">Log-probability under the policy that sampled it.</param>
/// <param name="Size">SDXL: six numbers, what to say of the image's size.</param>
[GenerateSerializer, Immutable, Alias("spo.Branch")]
public sealed record BranchPayload(
    [property: Id(0)] int Candidate,
    [property: Id(1)] TensorPayload? Current,
    [property: Id(2)] TensorPayload? Next,
    [property: Id(3)] float Score,
    [property: Id(4)] float? LogProb,
    [property: Id(5)] long[]? Size)
{
    public long Bytes => (Current?.Bytes.Length ?? 0) + (Next?.Bytes.Length ?? 0L);
}
