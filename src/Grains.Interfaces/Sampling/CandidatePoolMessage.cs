using SpoActors.Grains.Interfaces.Payloads;

namespace SpoActors.Grains.Interfaces.Sampling;

/// <summary>The candidates of an item at the end of one segment, or of whole chains, or a pair of images, on their way to a scorer.</summary>
/// <param name="Lease">The lease that produced it, with prompts and destinations.</param>
/// <param name="Index">Place of the pool among those of its item; with the lease it identifies the pool.</param>
/// <param name="PoolCount">Pools that the item yields in all.</param>
/// <param name="PromptIndices">Indices in the round of the pool's prompts: the item's, or some of them.</param>
/// <param name="Clean">Clean latents to decode and score, [K, B, C, H, W].</param>
/// <param name="ScoreTimestep">Timestep the judge is told.</param>
/// <param name="Transitions">Transitions, in order of their steps.</param>
/// <param name="SampleSeconds">Time that the device took for it.</param>
/// <param name="Verdict">What a person said of the pair; null where the judge decides.</param>
/// <param name="Sizes">SDXL: six numbers for each candidate, what to say of its size; null for the size that the run samples in.</param>
[GenerateSerializer, Immutable, Alias("spo.CandidatePool")]
public sealed record CandidatePoolMessage(
    [property: Id(0)] ItemLease Lease,
    [property: Id(1)] int Index,
    [property: Id(2)] int PoolCount,
    [property: Id(3)] IReadOnlyList<int> PromptIndices,
    [property: Id(4)] TensorPayload Clean,
    [property: Id(5)] double ScoreTimestep,
    [property: Id(6)] IReadOnlyList<TransitionPayload> Transitions,
    [property: Id(7)] double SampleSeconds = 0,
    [property: Id(8)] VerdictPayload? Verdict = null,
    [property: Id(9)] IReadOnlyList<long[]>? Sizes = null)
{
    /// <summary>Most bytes of its tensors together; one message above Orleans' 100 MiB would end its connection.</summary>
    public const long MaxBytes = 64 << 20;

    /// <summary>Bytes of its tensors.</summary>
    public long Bytes => Clean.Bytes.Length + Transitions.Sum(t => t.Bytes);
}

/// <summary>One denoising step of all candidates.</summary>
/// <param name="Step">Step, 0-based.</param>
/// <param name="Timestep">t.</param>
/// <param name="Current">x_t: [1, B, C, H, W] where the candidates share it, else [K, B, C, H, W]; null where it is the x_{t-1} of the step before.</param>
/// <param name="Next">x_{t-1}, [K, B, C, H, W].</param>
/// <param name="LogProb">log p(x_{t-1} | x_t) under the policy that sampled it, [K, B]; null where nobody needs it.</param>
[GenerateSerializer, Immutable, Alias("spo.Transition")]
public sealed record TransitionPayload(
    [property: Id(0)] int Step, [property: Id(1)] double Timestep, [property: Id(2)] TensorPayload? Current, [property: Id(3)] TensorPayload Next,
    [property: Id(4)] TensorPayload? LogProb = null)
{
    public long Bytes => (Current?.Bytes.Length ?? 0) + (long)Next.Bytes.Length + (LogProb?.Bytes.Length ?? 0);
}

/// <summary>Win, lose, and how they differ, of each prompt of a pool.</summary>
/// <param name="Win">Candidate that won.</param>
/// <param name="Lose">Candidate that lost.</param>
/// <param name="IsValid">Whether the pair is kept.</param>
/// <param name="Gap">By how much the probabilities of winning differ; 0 for a tie.</param>
[GenerateSerializer, Immutable, Alias("spo.Verdict")]
public sealed record VerdictPayload(
    [property: Id(0)] long[] Win, [property: Id(1)] long[] Lose, [property: Id(2)] bool[] IsValid, [property: Id(3)] float[] Gap);
