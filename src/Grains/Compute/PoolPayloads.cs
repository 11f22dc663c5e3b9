using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Trainer.Method.Sampling;
using SpoActors.Trainer.Method.Selection;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Grains.Compute;

/// <summary>Candidate pools to messages and back.</summary>
static class PoolPayloads
{
    /// <summary>A copy of a pool's tensors, on their way to a scorer. What is the end of one step and the start of the next travels once.</summary>
    public static CandidatePoolMessage ToMessage(this CandidatePool pool, ItemLease lease, int poolCount, double seconds)
    {
        var transitions = pool.Transitions.Select((t, i) => new TransitionPayload(
            t.Step, t.Timestep, i > 0 && !t.SharesCurrent && pool.Transitions[i - 1].Step == t.Step - 1 ? null : t.Current.ToPayload(), t.Next.ToPayload(), t.LogProb?.ToPayload()));
        return new CandidatePoolMessage(
            lease, pool.Index, poolCount, pool.Item.PromptIndices, pool.Clean.ToPayload(), pool.ScoreTimestep, [.. transitions], seconds,
            pool.Verdict is { } v ? new VerdictPayload(v.Win, v.Lose, v.IsValid, v.Gap) : null,
            pool.Sizes?.Select(s => s.ToNumbers()).ToArray());
    }

    /// <summary>The pool again: what is scored on the judge's device, the rest on the CPU. The caller owns it.</summary>
    public static CandidatePool ToPool(this CandidatePoolMessage message, Device device)
    {
        var transitions = new List<Transition>();
        foreach (var t in message.Transitions)
            transitions.Add(new Transition(t.Step, t.Timestep, t.Current?.ToTensor(CPU) ?? transitions[^1].Next.alias().DetachFromDisposeScope(), t.Next.ToTensor(CPU), t.LogProb?.ToTensor(CPU)));
        return new CandidatePool
        {
            Item = new ItemDraw(message.Lease.Id.Item.Round, message.Lease.Id.Item.Index, message.PromptIndices),
            Index = message.Index,
            Clean = message.Clean.ToTensor(device),
            ScoreTimestep = message.ScoreTimestep,
            Transitions = transitions,
            Verdict = message.Verdict is { } v ? new PairSelection(v.Win, v.Lose, v.IsValid, v.Gap) : null,
            Sizes = message.Sizes?.Select(SizeConditioning.FromNumbers).ToArray(),
        };
    }

    /// <summary>The prompts of a pool, in its order.</summary>
    public static IReadOnlyList<string> Prompts(this CandidatePoolMessage message)
    {
        var byIndex = message.Lease.PromptIndices.Zip(message.Lease.Prompts).ToDictionary(p => p.First, p => p.Second);
        return [.. message.PromptIndices.Select(i => byIndex[i])];
    }
}
