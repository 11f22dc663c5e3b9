using static TorchSharp.torch;

namespace SpoActors.Trainer.Method.Sampling;

/// <summary>
/// The sampling of one item, pool by pool: whoever wants a pool asks for it, and may score the last one before, at the same time elsewhere, or
/// never. Belongs to the thread that owns the device.
/// </summary>
public interface IItemSampling : IDisposable
{
    /// <summary>Samples up to the next pool.</summary>
    /// <returns>The pool, owned by the caller; null when the item is done.</returns>
    CandidatePool? Next(CancellationToken cancellation = default);

    /// <summary>
    /// Says what the candidates of the last pool scored, [K, B]. Only the ablations that go on from the best or worst candidate need it; the
    /// method itself picks at random and never waits for a score.
    /// </summary>
    void Learn(Tensor scores_KB);
}
