using SpoActors.Specification;

namespace SpoActors.Benchmarks.ControlPlane;

/// <summary>Items a second and the way of an item with so many samplers and an eighth as many scorers, each stage taking a millisecond or nothing.</summary>
static class Throughput
{
    const int Rounds = 30;

    public static async Task<string> MeasureAsync(int samplers)
    {
        var items = Math.Max(16, 4 * samplers);
        var compute = new DelayCompute(new StageDelays(TimeSpan.FromMilliseconds(1), TimeSpan.Zero, TimeSpan.Zero));
        await using var cluster = await Cluster.StartAsync(compute, ("trainer", 1), ("scorer", Math.Max(2, samplers / 8)), ("sampler", samplers)).ConfigureAwait(false);
        await cluster.RunAsync(DelayRuns.Of($"throughput-{samplers}", Rounds, items, staleness: 1), DelayRuns.Prompts(items)).ConfigureAwait(false);
        // The first rounds wait for silos to find each other and for code to be compiled.
        var ends = compute.RoundEnds.ToArray();
        var warm = Rounds / 3;
        var seconds = TimeProvider.System.GetElapsedTime(ends[warm - 1], ends[^1]).TotalSeconds;
        var latencies = compute.Latencies.Skip(warm * items).Order().ToArray();
        return FormattableString.Invariant(
            $"| {samplers} | {items} | {(Rounds - warm) * items / seconds:f0} | {Percentile(latencies, 0.5):f1} | {Percentile(latencies, 0.99):f1} |");
    }

    static double Percentile(TimeSpan[] sorted, double share) => sorted[(int)((sorted.Length - 1) * share)].TotalMilliseconds;
}

/// <summary>Runs of the delay compute.</summary>
static class DelayRuns
{
    public static IReadOnlyList<string> Prompts(int count) => [.. Enumerable.Range(0, count).Select(i => $"prompt {i}")];

    public static RunSpecification Of(string name, int rounds, int items, int staleness) => new()
    {
        Name = name,
        Model = new() { Path = "none" },
        Judge = new() { Path = "none" },
        Prompts = new() { Path = "none" },
        Sampling = new() { BatchSize = 1 },
        Training = new() { Rounds = rounds, PromptsPerRound = items, Epochs = 100_000 },
        Pipeline = new() { Staleness = staleness, PairCapacity = 2 * items * (staleness + 1), PoolCapacity = 64 },
    };
}
