using SpoActors.Trainer.Method.Sampling;

namespace SpoActors.Trainer.Method.Selection;

/// <summary>Cuts the win and lose transitions out of a scored pool.</summary>
public static class PairBuilder
{
    /// <summary>The pairs of the prompts whose selection is valid: one for each transition of the segment (MSPO: inner steps too).</summary>
    public static IReadOnlyList<PreferencePair> Build(CandidatePool pool, PairSelection selection)
    {
        var built = new List<PreferencePair>();
        foreach (var transition in pool.Transitions)
        {
            for (int b = 0; b < pool.Item.Count; b++)
            {
                if (!selection.IsValid[b]) continue;
                var (win, lose) = ((int)selection.Win[b], (int)selection.Lose[b]);
                var currentWin = Row(transition.Current, transition.SharesCurrent ? 0 : win, b);
                built.Add(new PreferencePair
                {
                    Id = new PairId(pool.Item.Round, pool.Item.Index, transition.Step, pool.Item.PromptIndices[b]),
                    Timestep = transition.Timestep,
                    Candidates = (win, lose),
                    CurrentWin = currentWin,
                    CurrentLose = transition.SharesCurrent ? currentWin : Row(transition.Current, lose, b),
                    NextWin = Row(transition.Next, win, b),
                    NextLose = Row(transition.Next, lose, b),
                });
            }
        }
        return built;

        // A copy: the pool is freed as a whole, and a view would keep all of it alive.
        static TorchSharp.torch.Tensor Row(TorchSharp.torch.Tensor tensor, int candidate, int prompt)
        {
            using var ofCandidate = tensor.select(0, candidate);
            using var row = ofCandidate.select(0, prompt);
            return row.clone().DetachFromDisposeScope();
        }
    }
}
