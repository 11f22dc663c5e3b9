namespace SpoActors.Benchmarks.ControlPlane;

/// <summary>Three stages of equal length: how long a round takes at each staleness, against the longest stage and against the sum.</summary>
static class Overlap
{
    const int Rounds = 12, Items = 8;
    static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(50);

    public static async Task<string> MeasureAsync(int staleness)
    {
        var compute = new DelayCompute(new StageDelays(Delay, Delay, Delay));
        await using var cluster = await Cluster.StartAsync(compute, ("trainer", 1), ("scorer", 1), ("sampler", 1)).ConfigureAwait(false);
        await cluster.RunAsync(DelayRuns.Of($"overlap-{staleness}", Rounds, Items, staleness), DelayRuns.Prompts(Items)).ConfigureAwait(false);
        var ends = compute.RoundEnds.ToArray();
        var round = TimeProvider.System.GetElapsedTime(ends[2], ends[^1]) / (ends.Length - 3);
        var stage = Delay * Items;
        return FormattableString.Invariant(
            $"| {staleness} | {stage.TotalMilliseconds:f0} | {3 * stage.TotalMilliseconds:f0} | {round.TotalMilliseconds:f0} | {round / stage:f2} |");
    }
}
