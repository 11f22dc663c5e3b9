using System.Net;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Tools.Chaos;
using SpoActors.Tools.Chaos.Processes;

namespace SpoActors.Silo.Tests.Processes;

/// <summary>Silos as processes with real storage: one trainer, one scorer, two samplers.</summary>
[Collection(nameof(OneAtATime))]
public sealed class ClusterTests
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("postgres")]
    [InlineData("redis")]
    public async Task Cluster_WhenRunIsStarted_EndsAsTheSequentialLoop(string kind)
    {
        await using var cluster = await Services.ClusterAsync(kind);
        await cluster.StartAsync(SiloPlan.Four, Cancellation);
        var run = TinyRuns.Of(rounds: 3);
        await cluster.StartRunAsync(run, Cancellation);
        var end = await cluster.UntilAsync(run.Name, s => s.Status == RunStatus.Finished, Patience, Cancellation);

        var expected = await TinyRuns.SequentialAsync(rounds: 3);
        Assert.Equal((expected.AdapterHash, expected.ConsumedDigest), (end.Adapter!.Hash, end.Totals.Digest));
        await StopAsync(cluster);
    }

    [Fact]
    public async Task Chaos_WhenSilosAreKilledAndStorageRestarts_ChangesNothing()
    {
        var postgres = PostgresRestart.FromEnvironment();
        await using var cluster = await Services.ClusterAsync("postgres");
        var plan = new ChaosPlan(Kills: 4, Seed: 20261124, Zombies: false);
        var report = await new ChaosRun(cluster, plan, postgres, TestContext.Current.TestOutputHelper!.WriteLine).ExecuteAsync(TinyRuns.Of(plan.Rounds), Cancellation);
        Assert.True(report.IsEqual, report.ToString());
    }

    [Fact]
    public async Task Cancel_WhenRunIsAtWork_FreesEverythingWithinTenSeconds()
    {
        await using var cluster = await Services.ClusterAsync("postgres");
        await cluster.StartAsync(SiloPlan.Four, Cancellation);
        var run = TinyRuns.Of(rounds: 4);
        await cluster.StartRunAsync(run, Cancellation);
        await cluster.UntilAsync(run.Name, s => s.NextRound >= 2, Patience, Cancellation);

        await cluster.ControlAsync(run.Name, RunAction.Cancel, Cancellation);
        var cancelled = await cluster.UntilAsync(run.Name, s => s.Workers.Count == 0, TimeSpan.FromSeconds(10), Cancellation);
        Assert.Equal(RunStatus.Cancelled, cancelled.Status);
        await StopAsync(cluster);

        // What is left is a run folder that the sequential loop itself goes on with.
        var folder = Path.Combine(cluster.RunsFolder, run.Name);
        Assert.Empty(Directory.GetFiles(folder, "*.tmp", SearchOption.AllDirectories));
        Assert.True(File.Exists(Path.Combine(folder, "manifest.json")));
        foreach (var plan in SiloPlan.Four) await cluster.ReadyAsync(cluster.Start(plan), Cancellation);
        await cluster.UntilAsync(run.Name, s => s.Status == RunStatus.Cancelled, Patience, Cancellation);
        await cluster.ControlAsync(run.Name, RunAction.Resume, Cancellation);
        var end = await cluster.UntilAsync(run.Name, s => s.Status == RunStatus.Finished, Patience, Cancellation);
        var expected = await TinyRuns.SequentialAsync(rounds: 4);
        Assert.Equal((expected.AdapterHash, expected.ConsumedDigest), (end.Adapter!.Hash, end.Totals.Digest));
    }

    [Fact]
    public async Task Silo_WhenAskedToStop_FinishesItsItemsFirst()
    {
        await using var cluster = await Services.ClusterAsync("postgres");
        await cluster.StartAsync(SiloPlan.Four, Cancellation);
        var run = TinyRuns.Of(rounds: 4, "pipeline.lease_seconds=60");
        await cluster.StartRunAsync(run, Cancellation);
        await cluster.UntilAsync(run.Name, s => s.NextRound >= 1, Patience, Cancellation);

        var silo = cluster["sampler-1"];
        silo.Ask();
        var (sawNotReady, exit) = (false, silo.WaitForExitAsync(Cancellation));
        while (!exit.IsCompleted) sawNotReady |= await cluster.StatusAsync(silo, "/health/ready", Cancellation) == HttpStatusCode.ServiceUnavailable;
        Assert.True(silo.ExitCode == 0, silo.LogTail());
        Assert.True(sawNotReady, "it never said that it drains");
        var end = await cluster.UntilAsync(run.Name, s => s.Status == RunStatus.Finished, Patience, Cancellation);
        // Everything it had begun was delivered, and an item on its way to it at that moment was done first.
        Assert.Equal(0, end.Items.Expired);
        var expected = await TinyRuns.SequentialAsync(rounds: 4);
        Assert.Equal((expected.AdapterHash, expected.ConsumedDigest), (end.Adapter!.Hash, end.Totals.Digest));
    }

    static async Task StopAsync(ProcessCluster cluster)
    {
        Assert.Empty(await cluster.StopAsync(Cancellation));
        Assert.All(cluster.Silos, silo => Assert.True(silo.ExitCode == 0, $"{silo.Plan.Name} ended with status {silo.ExitCode}:\n{silo.LogTail()}"));
    }
}
