using System.Net;
using SpoActors.Grains.Interfaces;
using SpoActors.Tools.Chaos.Processes;

namespace SpoActors.Silo.Tests.Processes;

/// <summary>A silo that must not join leaves those that are there alone.</summary>
[Collection(nameof(OneAtATime))]
public sealed class JoiningTests
{
    static readonly SiloPlan First = new("one", "sampler", "cpu:0");

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("redis")]
    [InlineData("postgres")]
    public async Task Silo_WhenAnotherHasItsPort_IsRefusedAndTheOtherStays(string kind)
    {
        await using var cluster = await Services.ClusterAsync(kind);
        await cluster.StartAsync([First], Cancellation);
        var (code, log) = await EndAsync(cluster, new SiloPlan("two", "sampler", "cpu:1") { SiloPort = First.SiloPort });
        Assert.True(code == 2, log);
        Assert.Contains($"cluster.silo_port: found {First.SiloPort}, which is in use", log, StringComparison.Ordinal);
        await AssertStaysAsync(cluster);
    }

    [Theory]
    [InlineData("redis")]
    [InlineData("postgres")]
    public async Task Silo_WhenALivingOneHasItsName_IsRefusedAndTheOtherStays(string kind)
    {
        await using var cluster = await Services.ClusterAsync(kind);
        await cluster.StartAsync([First], Cancellation);
        // Beside the first one's files, which go by the name.
        var folder = Directory.CreateTempSubdirectory("spo-twin");
        var twin = new SiloPlan(First.Name, "sampler", "cpu:1");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "one.yaml"), twin.ToYaml(cluster.Storage, folder.FullName), Cancellation);
        using var silo = new SiloProcess(twin, folder.FullName);
        silo.Start();
        await silo.WaitForExitAsync(Cancellation);
        Assert.True(silo.ExitCode == 5, silo.LogTail());
        Assert.Contains($"name: 'one' belongs to a living silo of the cluster, at 127.0.0.1:{First.SiloPort}", silo.LogTail(), StringComparison.Ordinal);
        await AssertStaysAsync(cluster);
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Silo_WhenOneOfItsNameWasKilledElsewhere_WaitsUntilItIsKnownToBeDead()
    {
        await using var cluster = await Services.ClusterAsync("redis");
        await cluster.StartAsync([First, new SiloPlan("two", "sampler", "cpu:1")], Cancellation);
        cluster[First.Name].Kill();
        await cluster[First.Name].WaitForExitAsync(Cancellation);
        var moved = cluster.Start(new SiloPlan(First.Name, "sampler", "cpu:2"));
        await cluster.ReadyAsync(moved, Cancellation);
        Assert.Contains("waiting for it to be declared dead", moved.LogTail(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("redis")]
    [InlineData("postgres")]
    public async Task Clusters_OfTwoIdsInOneStorage_ShareNothing(string kind)
    {
        await using var one = await Services.ClusterAsync(kind);
        await using var other = new ProcessCluster(one.Storage.Of("other"));
        await one.StartAsync([new SiloPlan("all", "sampler, scorer, trainer", "cpu:0")], Cancellation);
        await other.StartAsync([new SiloPlan("all", "sampler, scorer, trainer", "cpu:1")], Cancellation);
        var run = TinyRuns.Of(rounds: 1);
        await one.StartRunAsync(run, Cancellation);
        await one.UntilAsync(run.Name, s => s.Status == RunStatus.Finished, TimeSpan.FromSeconds(120), Cancellation);
        Assert.Equal(PipelineFault.NoSuchRun, (await Assert.ThrowsAsync<PipelineException>(() => other.DescribeAsync(run.Name, Cancellation))).Fault);
        Assert.False(Directory.Exists(Path.Combine(other.RunsFolder, run.Name)));
    }

    static async Task<(int Code, string Log)> EndAsync(ProcessCluster cluster, SiloPlan plan)
    {
        var silo = cluster.Start(plan);
        await silo.WaitForExitAsync(Cancellation);
        return (silo.ExitCode, silo.LogTail());
    }

    /// <summary>Longer than the cluster needs to declare a silo dead, and a declared one ends itself.</summary>
    static async Task AssertStaysAsync(ProcessCluster cluster)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 8 && await timer.WaitForNextTickAsync(Cancellation); i++)
            Assert.Equal(HttpStatusCode.OK, await cluster.StatusAsync(cluster[First.Name], "/health/ready", Cancellation));
    }
}
