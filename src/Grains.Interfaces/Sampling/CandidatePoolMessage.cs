using SpoActors.Grains.Interfaces.Payloads;

namespace SpoActors.Grains.Interfaces.Sampling;

/// <summary>The candidates of an item at the end of one segment, on their way to a scorer.</summary>
/// <param name="Lease">The lease that produced it, with prompts and destinations.</param>
/// <param name="Segment">Index of the segment; with the lease it identifies the pool.</param>
/// <param name="PoolCount">Pools that the item yields in all.</param>
/// <param name="Clean">Clean latents to decode and score, [K, B, C, H, W].</param>
/// <param name="ScoreTimestep">Timestep the preference model is told.</param>
/// <param name="Transitions">Transitions of the segment, in order of their steps.</param>
/// <param name="SampleSeconds">Time that the device took for it.</param>
[GenerateSerializer, Immutable, Alias("spo.CandidatePool")]
public sealed record CandidatePoolMessage(
    [property: Id(0)] ItemLease Lease,
    [property: Id(1)] int Segment,
    [property: Id(2)] int PoolCount,
    [property: Id(3)] TensorPayload Clean,
    [property: Id(4)] long ScoreTimestep,
    [property: Id(5)] IReadOnlyList<TransitionPayload> Transitions,
    [property: Id(6)] double SampleSeconds = 0)
{
    /// <summary>Most bytes of its tensors together; one message above Orleans' 100 MiB would end its connection.</summary>
    public const long MaxBytes = 64 << 20;

    /// <summary>Bytes of its tensors.</summary>
    public long Bytes => Clean.Bytes.Length + Transitions.Sum(t => (long)t.Current.Bytes.Length + t.Next.Bytes.Length);
}

/// <summary>One denoising step of all candidates.</summary>
/// <param name="Step">Step, 0-based.</param>
/// <param name="Timestep">t.</param>
/// <param name="Current">x_t: [1, B, C, H, W] where the candidates share it, else [K, B, C, H, W].</param>
/// <param name="Next">x_{t-1}, [K, B, C, H, W].</param>
[GenerateSerializer, Immutable, Alias("spo.Transition")]
public sealed record TransitionPayload(
    [property: Id(0)] int Step, [property: Id(1)] long Timestep, [property: Id(2)] TensorPayload Current, [property: Id(3)] TensorPayload Next);
