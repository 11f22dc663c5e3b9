using SpoActors.Grains.Compute;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Interfaces.Training;

namespace SpoActors.Grains.Training;

/// <summary>The bound on staleness, asserted where it counts: at the moment of consumption.</summary>
public static class Freshness
{
    /// <param name="round">The round that is about to be trained on.</param>
    /// <param name="staleness">Most rounds that its pairs may be old.</param>
    /// <param name="work">The round as the run gives it out.</param>
    /// <param name="pools">Its pools, as they were sampled.</param>
    /// <exception cref="InvalidOperationException">Pairs are too old, or of another adapter than announced.</exception>
    public static void Ensure(int round, int staleness, RoundWork work, IReadOnlyList<ScoredPoolMessage> pools)
    {
        var age = round - work.AdapterVersion;
        if (age < 0 || age > staleness)
            throw new InvalidOperationException($"round {round} was sampled with adapter {work.AdapterVersion}, {age} rounds old; pipeline.staleness is {staleness}");
        if (pools.FirstOrDefault(p => p.Lease.Adapter.Version != work.AdapterVersion) is { } other)
            throw new InvalidOperationException($"{other.Lease.Id.Name()} was sampled with adapter {other.Lease.Adapter.Version} instead of {work.AdapterVersion}");
    }
}
