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
    public IReadOnlyList<string> Round(int round) => [.. Rows(round).Select(Prompt)];

    /// <summary>Where the prompts of a round stand in the run's whole list.</summary>
    public IReadOnlyList<int> Rows(int round) => [.. Rows(round, 0, CountOf(round))];

    /// <summary>A prompt of the run's whole list.</summary>
    public string Prompt(int row) => prompts[row];

    /// <summary>Items of a round.</summary>
    public int ItemCount(int round) => (CountOf(round) + run.Sampling.BatchSize - 1) / run.Sampling.BatchSize;

    /// <summary>An item of a round: up to <c>sampling.batch_size</c> prompts that are sampled together.</summary>
    public ItemDraw Item(int round, int index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, ItemCount(round));
        var first = index * run.Sampling.BatchSize;
        var count = Math.Min(run.Sampling.BatchSize, CountOf(round) - first);
        return new ItemDraw(round, index, [.. Enumerable.Range(first, count)]) { Rows = [.. Rows(round, first, count)] };
    }

    /// <summary>The items of a round.</summary>
    public IReadOnlyList<ItemDraw> Items(int round) => [.. Enumerable.Range(0, ItemCount(round)).Select(i => Item(round, i))];

    int CountOf(int round)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(round, RoundCount);
        return Math.Min(run.Training.PromptsPerRound, prompts.Count - (round % roundsPerEpoch * run.Training.PromptsPerRound));
    }

    IEnumerable<int> Rows(int round, int first, int count)
    {
        var (epoch, place) = Math.DivRem(round, roundsPerEpoch);
        var places = Enumerable.Range((place * run.Training.PromptsPerRound) + first, count);
        if (!run.Prompts.Shuffle) return places;
        var order = Order(epoch);
        return places.Select(i => (int)order[i]);
    }

    /// <summary>Kept from call to call: an epoch has many rounds.</summary>
    IReadOnlyList<long> Order(int epoch)
    {
        var known = last;
        if (known?.Epoch != epoch) last = known = new EpochOrder(epoch, [.. random.PromptOrder(epoch, prompts.Count)]);
        return known.Order;
    }

    sealed record EpochOrder(int Epoch, IReadOnlyList<long> Order);
}
