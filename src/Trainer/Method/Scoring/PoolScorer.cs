using SpoActors.Specification;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Method.Sampling;
using SpoActors.Trainer.Method.Selection;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method.Scoring;

/// <summary>Decodes the candidates of a pool, has them judged and decides which of them win and lose.</summary>
/// <param name="decode">Clean latents [N, C, H, W] to images [N, 3, H', W'] in about [-1, 1]; not called for a judge of latents.</param>
/// <param name="judge">Scores the candidates.</param>
/// <param name="pairs">Which two candidates form a pair, and how far apart they must be.</param>
/// <param name="thresholds">How far apart they must be at each step.</param>
/// <param name="random">Draws the two candidates of the two-random ablation.</param>
/// <param name="batchSize">Images decoded and scored together.</param>
public sealed class PoolScorer(Func<Tensor, Tensor> decode, IJudge judge, PairSpecification pairs, PairThreshold thresholds, IRandomSource random, int batchSize)
{
    /// <summary>Scores one pool.</summary>
    /// <param name="pool">The candidates.</param>
    /// <param name="prompts">The item's prompts, prepared by the judge.</param>
    /// <returns>Scores and the verdict for every prompt; the caller owns it.</returns>
    /// <exception cref="ScoreException">Scores are not finite.</exception>
    public ScoredPool Score(CandidatePool pool, IPreparedPrompts prompts)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        int k = pool.Candidates, b = pool.Item.Count;
        var clean_NCHW = pool.Clean.flatten(0, 1);
        var scores_N = judge.ComparesWithinCall ? Together(pool, clean_NCHW, prompts) : InBatches(pool, clean_NCHW, prompts);
        RequireFinite(clean_NCHW, scores_N);
        var scores_KB = scores_N.view(k, b);
        // Images of a person's own have no step.
        var threshold = pool.Transitions.Count == 0 ? pairs.Threshold : thresholds.At(pool.Transitions[0].Timestep);
        var selection = pairs.Choice == PairChoice.BestWorst || pool.Transitions.Count == 0
            ? PairSelection.BestAndWorst(scores_KB, threshold, judge.Scale)
            : PairSelection.OfTwo(scores_KB, random.TwoCandidates(pool.Item, pool.Transitions[0].Step, k), threshold, judge.Scale);
        return new ScoredPool(scores_KB.clone().DetachFromDisposeScope(), selection);
    }

    Tensor InBatches(CandidatePool pool, Tensor clean_NCHW, IPreparedPrompts prompts) =>
        cat([.. Batches(clean_NCHW.shape[0]).Select(batch =>
        {
            using var batchScope = NewDisposeScope();
            return Judged(pool, Inputs(clean_NCHW.narrow(0, batch.Start, batch.Count)), prompts, batch.Start).MoveToOuterDisposeScope();
        })]);

    /// <summary>Decoded batch by batch, judged in one call: the scores of a vote are relative to the other candidates.</summary>
    Tensor Together(CandidatePool pool, Tensor clean_NCHW, IPreparedPrompts prompts) =>
        Judged(pool, cat([.. Batches(clean_NCHW.shape[0]).Select(batch => Inputs(clean_NCHW.narrow(0, batch.Start, batch.Count)))]), prompts, start: 0);

    Tensor Judged(CandidatePool pool, Tensor inputs_NCHW, IPreparedPrompts prompts, long start)
    {
        var count = (int)inputs_NCHW.shape[0];
        // Candidate by candidate, the prompts in their order.
        using var rows = prompts.Rows([.. Enumerable.Range((int)start, count).Select(n => n % pool.Item.Count)]);
        return judge.Score(inputs_NCHW, rows, full([count], pool.ScoreTimestep, ScalarType.Float32, judge.Device)).cpu();
    }

    Tensor Inputs(Tensor clean_NCHW) => judge.Input == JudgeInput.Images ? decode(clean_NCHW) : clean_NCHW;

    IEnumerable<(long Start, long Count)> Batches(long all)
    {
        for (long start = 0; start < all; start += batchSize) yield return (start, Math.Min(batchSize, all - start));
    }

    /// <summary>Says where it began: what was finite is looked for only now, decoding the first bad candidate again.</summary>
    void RequireFinite(Tensor clean_NCHW, Tensor scores_N)
    {
        var bad = scores_N.isfinite().logical_not();
        var count = (int)bad.sum().item<long>();
        if (count == 0) return;
        var first_1CHW = clean_NCHW.narrow(0, bad.nonzero()[0, 0].item<long>(), 1);
        var origin = !IsFinite(first_1CHW) ? ScoreOrigin.Latents
            : judge.Input == JudgeInput.Images && !IsFinite(decode(first_1CHW)) ? ScoreOrigin.Decoder
            : ScoreOrigin.Judge;
        throw ScoreException.Of(judge.Name, count, (int)scores_N.shape[0], origin);
    }

    static bool IsFinite(Tensor tensor) => tensor.isfinite().all().item<bool>();
}
