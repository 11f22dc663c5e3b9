using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Method.Sampling;
using SpoActors.Trainer.Method.Scoring;
using SpoActors.Trainer.Method.Selection;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method;

/// <summary>Second stage: decodes and scores pools, and decides which candidates win and lose.</summary>
public sealed class ScoringStage : IDisposable
{
    readonly IJudge? judge;
    readonly PoolScorer? scorer;
    IReadOnlyList<string> known = [];
    IPreparedPrompts? prepared;

    /// <param name="decoder">The model's decoder.</param>
    /// <param name="judge">The judge; null where every pool comes with a verdict.</param>
    /// <param name="plan">The run's method.</param>
    /// <param name="schedule">The model's, which thresholds may follow.</param>
    /// <param name="random">Draws the two candidates of the two-random ablation.</param>
    public ScoringStage(LatentDecoder decoder, IJudge? judge, MethodPlan plan, NoiseSchedule schedule, IRandomSource random)
    {
        this.judge = judge;
        if (judge is not null)
            scorer = new PoolScorer(decoder.Decode, judge, plan.Run.Pairs, new PairThreshold(plan.Run.Pairs, plan.Process(schedule)), random, plan.Run.Judge.BatchSize);
    }

    /// <summary>Scores a pool, whose prompts are given in its order.</summary>
    public ScoredPool Score(CandidatePool pool, IReadOnlyList<string> poolPrompts)
    {
        if (pool.Verdict is { } verdict) return new ScoredPool(null, verdict);
        if (judge is null || scorer is null) throw new InvalidOperationException("a pool has no verdict, but the run has no judge");
        using var noGrad = no_grad();
        return scorer.Score(pool, Prepared(judge, poolPrompts));
    }

    /// <summary>What the judge keeps of the prompts: an item's pools follow each other, and their prompts are the same.</summary>
    IPreparedPrompts Prepared(IJudge by, IReadOnlyList<string> prompts)
    {
        if (prepared is not null && prompts.SequenceEqual(known)) return prepared;
        prepared?.Dispose();
        prepared = null;
        (prepared, known) = (by.Prepare(prompts), prompts);
        return prepared;
    }

    public void Dispose() => prepared?.Dispose();
}
