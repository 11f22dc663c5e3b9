using System.Text;
using SpoActors.Specification;
using SpoActors.Trainer.Method.Samples;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method;

/// <summary>How much better than expected each chain of a round turned out: rewards normalised by their prompt's or the round's statistics.</summary>
public sealed class RoundAdvantages
{
    const string RewardsPrefix = "rewards.";

    readonly PromptStatistics? statistics;

    /// <param name="settings">The objective's, published values filled in.</param>
    public RoundAdvantages(ObjectiveSpecification settings) =>
        statistics = settings.PerPromptStatistics == true ? new PromptStatistics(settings.StatisticsBuffer!.Value, settings.StatisticsMinimum!.Value) : null;

    /// <summary>Advantages by the chain's id, its step 0.</summary>
    /// <param name="ordered">The round's samples in the order of their ids.</param>
    /// <param name="roundPrompts">The round's prompts.</param>
    public IReadOnlyDictionary<SampleId, double> Of(IReadOnlyList<TrainingSample> ordered, IReadOnlyList<string> roundPrompts)
    {
        var chains = ordered.GroupBy(s => s.Id with { Step = 0 }).Select(g => (Id: g.Key, Reward: g.First().Win.Score)).ToArray();
        float[] rewards = [.. chains.Select(c => c.Reward)];
        var advantages = statistics?.Update([.. chains.Select(c => roundPrompts[c.Id.PromptIndex])], rewards) ?? PromptStatistics.OfRound(rewards);
        return chains.Zip(advantages).ToDictionary(c => c.First.Id, c => (double)c.Second);
    }

    /// <summary>The state: <c>rewards.PROMPT</c> (the prompt's UTF-8 in hexadecimal), those that are remembered; the caller's to dispose.</summary>
    public IReadOnlyDictionary<string, Tensor> State() => (statistics?.Save() ?? new Dictionary<string, float[]>())
        .ToDictionary(s => RewardsPrefix + Convert.ToHexStringLower(Encoding.UTF8.GetBytes(s.Key)), s => tensor(s.Value), StringComparer.Ordinal);

    /// <summary>Takes a saved state over.</summary>
    public void LoadState(IReadOnlyDictionary<string, Tensor> state) => statistics?.Load(state.ToDictionary(
        s => Encoding.UTF8.GetString(Convert.FromHexString(s.Key[RewardsPrefix.Length..])), s => s.Value.cpu().data<float>().ToArray(), StringComparer.Ordinal));
}
