using SpoActors.Specification;
using SpoActors.Trainer.Randomness;

namespace SpoActors.Trainer.Method;

/// <summary>
/// Which prompts each round samples: epochs over the list, cut into rounds of a fixed size (the last of an epoch may be smaller),
/// and rounds cut into items. A pure function of the configuration, so any process can compute any round.
/// </summary>
public sealed class PromptSchedule
{
    readonly IReadOnlyList<string> prompts;
    readonly RunSpecification run;
    readonly CounterBasedRandom random;
    readonly int roundsPerEpoch;
    EpochOrder? last;

    public PromptSchedule(IReadOnlyList<string> prompts, RunSpecification run)
    {
        if (prompts.Count == 0) throw new ArgumentException("there are no prompts", nameof(prompts));
        (this.prompts, this.run) = (prompts, run);
        random = new CounterBasedRandom(run.Seed);
        roundsPerEpoch = (prompts.Count + run.Training.PromptsPerRound - 1) / run.Training.PromptsPerRound;
        RoundCount = (int)Math.Min((long)roundsPerEpoch * run.Training.Epochs, run.Training.Rounds ?? int.MaxValue);
    }

    /// <summary>Rounds of the whole run.</summary>
    public int RoundCount { get; }

    /// <summary>The prompts of a round; a prompt's place in the list is its index in the round.</summary>
    public IReadOnlyList<string> Round(int round) => [.. Rows(round).Select(row => prompts[row])];

    /// <summary>Where the prompts of a round stand in the run's whole list.</summary>
    public IReadOnlyList<int> Rows(int round)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(round, RoundCount);
        var (epoch, place) = Math.DivRem(round, roundsPerEpoch);
        var start = place * run.Training.PromptsPerRound;
        var count = Math.Min(run.Training.PromptsPerRound, prompts.Count - start);
        if (!run.Prompts.Shuffle) return [.. Enumerable.Range(start, count)];
        var order = Order(epoch);
        return [.. Enumerable.Range(start, count).Select(i => (int)order[i])];
    }

    /// <summary>Kept from call to call: an epoch has many rounds.</summary>
    IReadOnlyList<long> Order(int epoch)
    {
        var known = last;
        if (known?.Epoch != epoch) last = known = new EpochOrder(epoch, [.. random.PromptOrder(epoch, prompts.Count)]);
        return known.Order;
    }

    sealed record EpochOrder(int Epoch, IReadOnlyList<long> Order);

    /// <summary>The items of a round: runs of up to <c>sampling.batch_size</c> prompts that are sampled together.</summary>
    public IReadOnlyList<ItemDraw> Items(int round)
    {
        var rows = Rows(round);
        return [.. Enumerable.Range(0, rows.Count).Chunk(run.Sampling.BatchSize)
            .Select((indices, index) => new ItemDraw(round, index, indices) { Rows = [.. indices.Select(i => rows[i])] })];
    }
}
