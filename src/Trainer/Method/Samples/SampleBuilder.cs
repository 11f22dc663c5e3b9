using SpoActors.Trainer.Method.Sampling;
using SpoActors.Trainer.Method.Scoring;
using SpoActors.Trainer.Method.Selection;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method.Samples;

/// <summary>Cuts the samples that an objective trains on out of a scored pool.</summary>
public static class SampleBuilder
{
    /// <summary>The samples of a pool; the caller owns them.</summary>
    /// <param name="pool">The pool.</param>
    /// <param name="scored">What the judge, or the data set, says of it.</param>
    /// <param name="plan">The run's method.</param>
    public static IReadOnlyList<TrainingSample> Build(CandidatePool pool, ScoredPool scored, MethodPlan plan) => plan.Objective.Samples switch
    {
        SampleKind.TransitionPair => [.. TransitionPairs(pool, scored, plan.KnowsTies)],
        SampleKind.Transition => [.. Transitions(pool, scored)],
        _ => [.. ImagePairs(pool, scored)],
    };

    /// <summary>How many samples there would be if all were kept.</summary>
    public static int Possible(CandidatePool pool, MethodPlan plan) => pool.Item.Count * plan.Objective.Samples switch
    {
        SampleKind.TransitionPair => pool.Transitions.Count,
        SampleKind.Transition => pool.Transitions.Count * pool.Candidates,
        _ => 1,
    };

    /// <summary>One for each transition of the segment (MSPO: inner steps too) of the prompts whose selection is valid.</summary>
    static IEnumerable<TrainingSample> TransitionPairs(CandidatePool pool, ScoredPool scored, bool knowsTies)
    {
        var selection = scored.Selection;
        foreach (var transition in pool.Transitions)
        {
            for (int b = 0; b < pool.Item.Count; b++)
            {
                if (!selection.IsValid[b]) continue;
                var (win, lose) = ((int)selection.Win[b], (int)selection.Lose[b]);
                var currentWin = Row(transition.Current, transition.SharesCurrent ? 0 : win, b);
                yield return new TrainingSample
                {
                    Id = Id(pool, transition.Step, b),
                    Timestep = transition.Timestep,
                    IsTie = knowsTies && selection.IsTie(b),
                    Win = new SampleBranch(win, currentWin) { Next = Row(transition.Next, win, b), Score = scored.Of(win, b) },
                    Lose = new SampleBranch(lose, transition.SharesCurrent ? currentWin : Row(transition.Current, lose, b))
                    {
                        Next = Row(transition.Next, lose, b),
                        Score = scored.Of(lose, b),
                    },
                };
            }
        }
    }

    /// <summary>One for each transition of each candidate, with the candidate's score as its reward.</summary>
    static IEnumerable<TrainingSample> Transitions(CandidatePool pool, ScoredPool scored)
    {
        foreach (var transition in pool.Transitions)
            for (int b = 0; b < pool.Item.Count; b++)
                for (int k = 0; k < pool.Candidates; k++)
                    yield return new TrainingSample
                    {
                        Id = Id(pool, transition.Step, b) with { Candidate = k },
                        Timestep = transition.Timestep,
                        Win = new SampleBranch(k, Row(transition.Current, transition.SharesCurrent ? 0 : k, b))
                        {
                            Next = Row(transition.Next, k, b),
                            Score = scored.Of(k, b),
                            LogProb = transition.LogProb?[k, b].item<float>(),
                        },
                    };
    }

    /// <summary>One for each prompt: its clean latents.</summary>
    static IEnumerable<TrainingSample> ImagePairs(CandidatePool pool, ScoredPool scored)
    {
        var selection = scored.Selection;
        for (int b = 0; b < pool.Item.Count; b++)
        {
            if (!selection.IsValid[b]) continue;
            yield return new TrainingSample { Id = Id(pool, 0, b), Timestep = 0, IsTie = selection.IsTie(b), Win = Image((int)selection.Win[b], b), Lose = Image((int)selection.Lose[b], b) };
        }

        SampleBranch Image(int k, int b) => new(k, Row(pool.Clean, k, b)) { Score = scored.Of(k, b), Size = pool.Sizes?[k] };
    }

    static SampleId Id(CandidatePool pool, int step, int b) => new(pool.Item.Round, pool.Item.Index, step, pool.Item.PromptIndices[b]);

    /// <summary>A copy: the pool is freed as a whole, and a view would keep all of it alive.</summary>
    static Tensor Row(Tensor tensor_KB, int candidate, int prompt)
    {
        using var ofCandidate = tensor_KB.select(0, candidate);
        using var row = ofCandidate.select(0, prompt);
        return row.clone().DetachFromDisposeScope();
    }
}
