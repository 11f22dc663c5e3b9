using System.Text.Json;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Tests.Fakes;

namespace SpoActors.Client.Tests.Clusters;

public sealed class ClusterCommandTests
{
    [Fact]
    public async Task Watch_UntilTheRunEnds_WritesEveryEventOnceAndTheResult()
    {
        await using var cluster = await TestCluster.StartAsync(SiloPart.All);
        var (started, output) = await cluster.StartRunAsync("a");
        Assert.True(started == ExitCode.Success, output.StandardError);
        Assert.Contains("`spo watch a` follows it.", output.StandardError, StringComparison.Ordinal);

        var (code, watched) = await cluster.SpoAsync("watch", "a", "--format", "json");
        Assert.True(code == ExitCode.Success, watched.StandardError);
        var lines = Lines(watched);
        Assert.Equal(Enumerable.Range(1, lines.Length - 1), lines[..^1].Select(l => l.GetProperty("sequence").GetInt32()));
        Assert.Equal(3, lines[..^1].Count(l => l.GetProperty("kind").GetString() == "round"));
        Assert.Equal("finished", lines[^1].GetProperty("status").GetString());
        Assert.Equal(3, lines[^1].GetProperty("next_round").GetInt32());
    }

    [Fact]
    public async Task Watch_WhenTheConnectionIsLost_GoesOnWithoutAGap()
    {
        await using var cluster = await TestCluster.StartAsync(SiloPart.All);
        await cluster.StartRunAsync("a");
        var calls = 0;
        cluster.Silos.Network.OnCall = async (silo, call) =>
        {
            var isLost = silo == PipelineCluster.ClientName && Interlocked.Increment(ref calls) is 2 or 3 or 5;
            // Lost on the way there, or on the way back.
            if (isLost && calls == 2) throw new TimeoutException("lost");
            await call.Invoke();
            if (isLost) throw new TimeoutException("lost");
        };
        var (code, watched) = await cluster.SpoAsync("watch", "a", "--format", "json");
        Assert.Equal(ExitCode.Success, code);
        Assert.Contains("The cluster does not answer (lost); trying again.", watched.StandardError, StringComparison.Ordinal);
        var lines = Lines(watched);
        Assert.Equal(Enumerable.Range(1, lines.Length - 1), lines[..^1].Select(l => l.GetProperty("sequence").GetInt32()));
    }

    [Fact]
    public async Task Show_OfARunThatWaits_SaysWhatForAndShowsItsStages()
    {
        await using var cluster = await TestCluster.StartAsync(SiloPart.Of(WorkerRole.Trainer, WorkerRole.Scorer));
        await cluster.StartRunAsync("a");
        await cluster.Silos.UntilAsync("a", s => s.Workers.Count == 2 && s.Reason.Contains("no live silo", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        var (code, output) = await cluster.SpoAsync("show", "a");
        Assert.Equal(ExitCode.Success, code);
        Assert.Contains("waiting for a sampler: no live silo has the role", output.StandardOutput, StringComparison.Ordinal);
        Assert.Equal(["sampler", "scorer", "trainer"], output.Tables.Single(t => t.Title == "Stages").Rows.Select(r => r[0].Split(' ')[0]));
        Assert.Equal(2, output.Tables.Single(t => t.Title == "Workers").Rows.Count);
    }

    [Fact]
    public async Task Control_OfARun_PausesResumesAndCancels()
    {
        await using var cluster = await TestCluster.StartAsync(SiloPart.Of(WorkerRole.Trainer, WorkerRole.Scorer));
        await cluster.StartRunAsync("a");
        foreach (var (command, status) in new[] { ("pause", "paused"), ("resume", "running"), ("cancel", "cancelled"), ("resume", "running") })
        {
            var (code, output) = await cluster.SpoAsync(command, "a", "--format", "json");
            Assert.Equal(ExitCode.Success, code);
            using var json = JsonDocument.Parse(output.StandardOutput);
            Assert.Equal(status, json.RootElement.GetProperty("status").GetString());
        }
        var (_, logs) = await cluster.SpoAsync("logs", "a");
        Assert.Contains("status: run 'a' cancelled", logs.StandardOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_WhenRegressionIsAllowed_SaysSoInTheRunsEvents()
    {
        await using var cluster = await TestCluster.StartAsync(SiloPart.Of(WorkerRole.Scorer));
        await cluster.StartRunAsync("a");
        Assert.Equal(ExitCode.Success, (await cluster.SpoAsync("resume", "a", "--allow-regression")).Code);
        Assert.Contains("the next trainer may go on from less than is committed, by request", (await cluster.SpoAsync("logs", "a")).Output.StandardOutput, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancel_OfAFinishedRun_IsAConflict()
    {
        await using var cluster = await TestCluster.StartAsync(SiloPart.All);
        await cluster.StartRunAsync("a");
        await cluster.SpoAsync("watch", "a");
        var (code, output) = await cluster.SpoAsync("cancel", "a");
        Assert.Equal(ExitCode.RunConflict, code);
        Assert.Contains("run 'a' is finished; there is nothing to cancel", output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_UnderATakenName_IsAConflict()
    {
        await using var cluster = await TestCluster.StartAsync(SiloPart.All);
        await cluster.StartRunAsync("a");
        var (code, output) = await cluster.StartRunAsync("a", "--set", "seed=7");
        Assert.Equal(ExitCode.RunConflict, code);
        Assert.Contains("there is a run 'a' that computes something else: seed is 42, now 7", output.StandardError, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("show"), InlineData("watch"), InlineData("pause"), InlineData("resume"), InlineData("cancel"), InlineData("logs")]
    public async Task Command_OnARunThatDoesNotExist_ReturnsNotFound(string command)
    {
        await using var cluster = await TestCluster.StartAsync(SiloPart.All);
        var (code, output) = await cluster.SpoAsync(command, "nothing");
        Assert.Equal(ExitCode.NotFound, code);
        Assert.Contains("there is no run 'nothing'; `spo list` shows the runs", output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_WhenARoundDoesNotFitTheTrainer_IsRefusedWithTheFix()
    {
        await using var cluster = await TestCluster.StartAsync(SiloPart.All);
        var (code, output) = await cluster.StartRunAsync("a", "--set", "pipeline.pair_capacity=1");
        Assert.Equal(ExitCode.InvalidInput, code);
        Assert.Contains("pipeline.pair_capacity: found 1; a round has 2 items", output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task List_ShowsTheRuns_AndStatusTheSilos()
    {
        await using var cluster = await TestCluster.StartAsync(SiloPart.All, SiloPart.Samplers(1));
        await cluster.StartRunAsync("a");
        await cluster.StartRunAsync("b");
        var (_, list) = await cluster.SpoAsync("list");
        Assert.Equal(["a", "b"], list.Tables.Single().Rows.Select(r => r[0]));
        var (code, status) = await cluster.SpoAsync("cluster", "status");
        Assert.Equal(ExitCode.Success, code);
        Assert.Equal([2, 2], [status.Tables.Single().Rows.Count, status.Tables.Single().Rows.Count(r => r[2] == "active")]);
    }

    static JsonElement[] Lines(RecordingOutput output) =>
        [.. output.StandardOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];
}
