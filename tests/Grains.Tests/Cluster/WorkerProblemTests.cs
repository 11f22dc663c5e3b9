using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Tests.Fakes;

namespace SpoActors.Grains.Tests.Cluster;

/// <summary>A silo that cannot take work says why; the others go on.</summary>
public sealed class WorkerProblemTests
{
    static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Run_WhenOneSiloLacksTheModel_TheSiloSaysSoAndTakesNoWork()
    {
        var behaviour = new FakeBehaviour
        {
            OnLoad = silo =>
            {
                if (PipelineCluster.IndexOf(silo) == 2) throw new FileNotFoundException("model.path: '/models/sd15' does not exist");
            },
        };
        await using var cluster = await PipelineCluster.StartAsync(
            behaviour, SiloPart.Of(WorkerRole.Trainer, WorkerRole.Scorer), SiloPart.Samplers(1), SiloPart.Samplers(1));
        await cluster.StartRunAsync("run", FakeRuns.Specification(), FakeRuns.Prompts());
        await cluster.FinishedAsync("run", Token);
        // It tries again from time to time, and says so each time.
        var said = (await cluster.EventsAsync("run")).Where(e => e.Contains("takes no work", StringComparison.Ordinal)).Distinct();
        Assert.Equal([$"sampler {cluster.Silo(2).Name}/cpu:0 takes no work: model.path: '/models/sd15' does not exist"], said);
    }

    [Fact]
    public async Task Run_WhenAnItemDoesNotFitItsChannel_NamesTheSettingAndTheFix()
    {
        await using var cluster = await PipelineCluster.StartAsync(new FakeBehaviour { PoolBytes = 2 << 20 }, SiloPart.All);
        await cluster.StartRunAsync("run", FakeRuns.Specification(channelMegabytes: 1), FakeRuns.Prompts());
        var stuck = await cluster.UntilAsync("run", s => s.Reason.Contains("channel_megabytes", StringComparison.Ordinal), Token);
        Assert.Equal(RunStatus.Running, stuck.Status);
        Assert.Contains("pipeline.channel_megabytes: found 1; the largest item has 6291456 bytes (3 pools of 2097152). Raise it to 7", stuck.Reason, StringComparison.Ordinal);
    }
}
