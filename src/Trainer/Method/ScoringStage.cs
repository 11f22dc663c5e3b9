using SpoActors.Specification;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Method.Sampling;
using SpoActors.Trainer.Method.Selection;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method;

/// <summary>Second stage: decodes and scores pools, and cuts out the pairs.</summary>
public sealed class ScoringStage(LatentDecoder decoder, IPreferenceModel preference, RunSpecification run, IRandomSource random)
{
    readonly PoolScorer scorer = new(decoder.Decode, preference, run.Pairs, random, run.Preference.BatchSize);

    /// <summary>Scores a pool, whose prompts are given in the item's order.</summary>
    public ScoredPool Score(CandidatePool pool, IReadOnlyList<string> itemPrompts)
    {
        if (pool.Verdict is { } verdict) return new ScoredPool(null, verdict);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        // One prompt at a time, as in RoundConditioning: its features depend on nothing else.
        var features = itemPrompts.Select(p => preference.EncodeText(preference.Tokenizer.EncodeBatch([p]))).ToArray();
        return scorer.Score(pool, cat(features));
    }
}
