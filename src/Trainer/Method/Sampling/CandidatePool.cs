using SpoActors.Trainer.Method.Selection;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method.Sampling;

/// <summary>
/// The k candidates of every prompt of an item, ready to be scored: at the end of a segment, at the end of whole chains, or the two images of
/// a person's own pair. Owns its tensors.
/// </summary>
/// <remarks>Shape letters: K candidates, B prompts, C channels, H and W latent rows and columns.</remarks>
public sealed class CandidatePool : IDisposable
{
    public required ItemDraw Item { get; init; }

    /// <summary>Place of the pool among those of its item; with the item it identifies the pool.</summary>
    public required int Index { get; init; }

    /// <summary>The clean latents to decode and score, [K, B, C, H, W]: x̂0 of each candidate, or x_0 after the last step.</summary>
    public required Tensor Clean { get; init; }

    /// <summary>Timestep that the judge is told: that of the latents x̂0 was predicted from, 0 for x_0.</summary>
    public required double ScoreTimestep { get; init; }

    /// <summary>The transitions of the segment or chain, in order of their steps; none for images.</summary>
    public required IReadOnlyList<Transition> Transitions { get; init; }

    /// <summary>What a person said of the pair; null where the judge decides.</summary>
    public PairSelection? Verdict { get; init; }

    /// <summary>SDXL: what to say of each candidate's size; null for the size that the run samples in.</summary>
    public IReadOnlyList<SizeConditioning>? Sizes { get; init; }

    public int Candidates => (int)Clean.shape[0];

    public void Dispose()
    {
        Clean.Dispose();
        foreach (var transition in Transitions) transition.Dispose();
    }
}

/// <summary>One denoising step x_t → x_{t-1} of all candidates.</summary>
/// <param name="Step">Step (0-based).</param>
/// <param name="Timestep">t.</param>
/// <param name="Current">x_t: [1, B, C, H, W] where the candidates share it, [K, B, C, H, W] where each has its own.</param>
/// <param name="Next">x_{t-1}, [K, B, C, H, W].</param>
/// <param name="LogProb">log p(x_{t-1} | x_t) under the policy that sampled it, [K, B], on the CPU; null where nobody needs it.</param>
public sealed record Transition(int Step, double Timestep, Tensor Current, Tensor Next, Tensor? LogProb = null) : IDisposable
{
    /// <summary>Whether all candidates start from the same x_t.</summary>
    public bool SharesCurrent => Current.shape[0] == 1;

    public void Dispose()
    {
        Current.Dispose();
        Next.Dispose();
        LogProb?.Dispose();
    }
}
