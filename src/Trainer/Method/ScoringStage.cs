using SpoActors.Specification;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Method.Sampling;
using SpoActors.Trainer.Method.Selection;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method;

/// <summary>Second stage: decodes and scores pools, and cuts out the pairs.</summary>
public sealed class ScoringStage(LatentDecoder decoder, IJudge judge, RunSpecification run, IRandomSource random)
{
    readonly PoolScorer scorer = new(decoder.Decode, judge, run.Pairs, random, run.Judge.BatchSize);

    /// <summary>Scores a pool, whose prompts are given in the item's order.</summary>
    public ScoredPool Score(CandidatePool pool, IReadOnlyList<string> itemPrompts)
    {
        using var noGrad = no_grad();
        using var prompts = judge.Prepare(itemPrompts);
        return scorer.Score(pool, prompts);
    }
}
