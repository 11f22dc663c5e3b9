using SpoActors.Specification;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Method.Sampling;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method.Selection;

/// <summary>Decodes the candidates of a pool, scores them and decides which of them win and lose.</summary>
/// <param name="decode">Clean latents [N, C, H, W] to images [N, 3, H', W'] in about [-1, 1].</param>
/// <param name="preference">The step-aware preference model.</param>
/// <param name="pairs">Which two candidates form a pair, and how far apart they must be.</param>
/// <param name="random">Draws the two candidates of the two-random ablation.</param>
/// <param name="batchSize">Images decoded and scored together.</param>
public sealed class PoolScorer(Func<Tensor, Tensor> decode, IPreferenceModel preference, PairSpecification pairs, IRandomSource random, int batchSize)
{
    /// <summary>Scores one pool.</summary>
    /// <param name="textFeatures_BD">Normalised text features of the item's prompts.</param>
    /// <returns>Scores and the verdict for every prompt; the caller owns it.</returns>
    public ScoredPool Score(CandidatePool pool, Tensor textFeatures_BD)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        int k = pool.Candidates, b = pool.Item.Count;
        var clean_NCHW = pool.Clean.flatten(0, 1);
        var features_ND = textFeatures_BD.repeat(k, 1);
        var timesteps_N = full([(long)k * b], pool.ScoreTimestep, ScalarType.Float32, preference.Device);

        var scores = new List<Tensor>();
        for (long start = 0; start < k * b; start += batchSize)
        {
            using var batchScope = NewDisposeScope();
            var count = Math.Min(batchSize, k * b - start);
            var images = decode(clean_NCHW.narrow(0, start, count));
            scores.Add(preference.Score(images, features_ND.narrow(0, start, count), timesteps_N.narrow(0, start, count))
                .to(ScalarType.Float32).cpu().MoveToOuterDisposeScope());
        }
        var scores_KB = cat(scores).view(k, b);
        var selection = pairs.Choice == PairChoice.BestWorst
            ? PairSelection.BestAndWorst(scores_KB, pairs.Threshold)
            : PairSelection.OfTwo(scores_KB, random.TwoCandidates(pool.Item, pool.Transitions[0].Step, k), pairs.Threshold);
        return new ScoredPool(scores_KB.clone().DetachFromDisposeScope(), selection);
    }
}
