using SpoActors.Specification;

namespace SpoActors.Grains.Tests.Fakes;

/// <summary>Specifications for runs of the fake compute.</summary>
public static class FakeRuns
{
    public static IReadOnlyList<string> Prompts(int count = 20) => [.. Enumerable.Range(0, count).Select(i => $"prompt {i}")];

    public static RunSpecification Specification(int staleness = 0, int rounds = 5, int perRound = 6, int pairCapacity = 64, int poolCapacity = 8, int channelMegabytes = 512, double maxSetAside = 0.1) => new()
    {
        Model = new() { Path = "fake" },
        Judge = new() { Path = "fake" },
        Prompts = new() { Path = "fake" },
        Sampling = new() { BatchSize = 2 },
        Training = new() { Rounds = rounds, PromptsPerRound = perRound, Epochs = 100 },
        Pipeline = new() { Staleness = staleness, LeaseSeconds = 2, PairCapacity = pairCapacity, PoolCapacity = poolCapacity, ChannelMegabytes = channelMegabytes, MaxSetAside = maxSetAside },
    };
}
