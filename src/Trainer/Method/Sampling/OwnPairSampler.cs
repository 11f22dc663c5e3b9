using SpoActors.Trainer.Method.Selection;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method.Sampling;

/// <summary>Own pairs: nothing is sampled; the two images of each row of an item are encoded, a pool a row.</summary>
/// <param name="encoder">The data set's images, encoded or from its cache.</param>
/// <param name="relabel">Leave the verdict to the judge instead of taking the data set's.</param>
public sealed class OwnPairSampler(PairEncoder encoder, bool relabel)
{
    /// <summary>Begins one item.</summary>
    /// <param name="item">Its rows and their places in the round.</param>
    /// <param name="captions">The round's prompts; the data set must still hold them.</param>
    /// <param name="onStep">Called after each row with the number of rows done.</param>
    public IItemSampling Begin(ItemDraw item, IReadOnlyList<string> captions, Action<int>? onStep = null) => new Sampling(this, item, captions, onStep);

    CandidatePool Encode(ItemDraw item, int place, IReadOnlyList<string> captions)
    {
        using var scope = NewDisposeScope();
        var of = new ItemDraw(item.Round, item.Index, [item.PromptIndices[place]]) { Rows = [item.Rows[place]] };
        using var pair = encoder.Encode(item.Rows[place]);
        var expected = captions[of.PromptIndices[0]];
        if (pair is not null && pair.Caption != expected)
            throw new InvalidDataException($"row {item.Rows[place]} of the data set has the caption '{pair.Caption}'; the run began with '{expected}'. Restore the data set, or start a new run.");
        return new CandidatePool
        {
            Item = of,
            Index = place,
            Clean = (pair is null ? zeros([2L, 1, 1, 1, 1]) : pair.Latents.unsqueeze(1).clone()).DetachFromDisposeScope(),
            ScoreTimestep = 0,
            Transitions = [],
            // A pair that cannot be used is a pair that is not kept: its pool is counted like any other.
            Verdict = pair is null ? new PairSelection([0], [1], [false], [float.NaN])
                : relabel ? null
                : new PairSelection([0], [1], [true], [(float)(2 * pair.Label - 1)]),
            Sizes = pair is null ? null : [pair.First, pair.Second],
        };
    }

    sealed class Sampling(OwnPairSampler of, ItemDraw item, IReadOnlyList<string> captions, Action<int>? onStep) : IItemSampling
    {
        int next;

        public CandidatePool? Next(CancellationToken cancellation)
        {
            if (next == item.Count) return null;
            cancellation.ThrowIfCancellationRequested();
            var pool = of.Encode(item, next++, captions);
            onStep?.Invoke(next);
            return pool;
        }

        /// <summary>Nothing goes on from a pair.</summary>
        public void Learn(Tensor scores_KB) { }

        public void Dispose() => next = item.Count;
    }
}
