using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Tests.Fakes;
using SpoActors.Specification;
using SpoActors.Specification.Prompts;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Runs;
using SpoActors.Trainer.Tests.Method;

namespace SpoActors.Grains.Tests.Cluster;

/// <summary>At staleness 0 the pipeline equals the sequential loop bit for bit: same pairs, same adapter.</summary>
public sealed class TorchParityTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string> Cases { get; } = new()
    {
        { "sd15", "one silo" }, { "sd15", "two silos" }, { "sd15", "three silos" }, { "sdxl", "one silo" }, { "sdxl", "three silos" },
    };

    [Theory, MemberData(nameof(Cases))]
    public async Task Pipeline_AtStalenessZero_EndsWithTheSequentialLoopsBits(string model, string cluster)
    {
        var run = model == "sd15" ? TinyRun.Sd15() : TinyRun.Sdxl();
        var expected = Sequential(run);
        Assert.True(expected.ConsumedPairs > 0);

        await using var silos = await PipelineCluster.StartTorchAsync(Parts(cluster));
        await silos.StartRunAsync("tiny", run, PromptFile.Read(run.Prompts));
        var end = await silos.FinishedAsync("tiny", Token);
        Assert.Equal((expected.ConsumedPairs, expected.ConsumedDigest), (end.Totals.Pairs, end.Totals.Digest));
        Assert.Equal(expected.AdapterHash, end.Adapter!.Hash);
    }

    [Fact]
    public async Task Pipeline_AtStalenessOne_EndsTheSameOnOneAndOnManyDevices()
    {
        var run = TinyRun.Sd15() with { Pipeline = new PipelineSpecification { Staleness = 1 } };
        var ends = new List<string>();
        foreach (var cluster in new[] { "one silo", "three silos" })
        {
            await using var silos = await PipelineCluster.StartTorchAsync(Parts(cluster));
            await silos.StartRunAsync("tiny", run, PromptFile.Read(run.Prompts));
            var end = await silos.FinishedAsync("tiny", Token);
            ends.Add($"{end.Adapter!.Hash} {end.Totals.Digest}");
        }
        Assert.Single(ends.Distinct());
        Assert.DoesNotContain(Sequential(run).AdapterHash, ends[0], StringComparison.Ordinal);
    }

    static SiloPart[] Parts(string cluster) => cluster switch
    {
        "one silo" => [SiloPart.All],
        "two silos" => [SiloPart.Of(WorkerRole.Trainer, WorkerRole.Scorer), SiloPart.Samplers(2)],
        _ => [SiloPart.Of(WorkerRole.Trainer), SiloPart.Samplers(2), SiloPart.Of(WorkerRole.Scorer)],
    };

    static RunManifest Sequential(RunSpecification run)
    {
        var folder = Directory.CreateTempSubdirectory("spo-sequential");
        try
        {
            using var local = new LocalRun(run, folder.FullName, RunProgress.None, TimeProvider.System);
            return local.Execute(cancellation: Token);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
