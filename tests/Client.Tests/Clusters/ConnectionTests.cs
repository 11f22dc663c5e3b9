using SpoActors.Grains.Interfaces;

namespace SpoActors.Client.Tests.Clusters;

public sealed class ConnectionTests
{
    [Fact]
    public async Task Command_WhenNoSiloAnswers_SaysWhereItLookedAndEnds()
    {
        using var folder = new TemporaryFolder();
        var settings = folder.Write("cluster.yaml", "cluster:\n  kind: localhost\n  gateway_port: 1\n");
        var (code, output) = await Spo.Run("list", "--cluster", settings);
        Assert.Equal(ExitCode.ClusterUnavailable, code);
        Assert.Contains($"No silo of cluster 'spo' answers (localhost, as '{settings}' says)", output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Init_OfALocalCluster_HasNothingToDo()
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await Spo.Run("cluster", "init", "--cluster", folder.Write("cluster.yaml", "cluster:\n  kind: localhost\n"));
        Assert.Equal(ExitCode.Success, code);
        Assert.Contains("needs no preparation", output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Init_WhenPostgresIsAway_SaysSo()
    {
        using var folder = new TemporaryFolder();
        var settings = folder.Write("cluster.yaml", "cluster:\n  kind: postgres\n  connection: Host=127.0.0.1;Port=1;Username=spo;Timeout=2\n");
        var (code, output) = await Spo.Run("cluster", "init", "--cluster", settings);
        Assert.Equal(ExitCode.ClusterUnavailable, code);
        Assert.Contains("PostgreSQL refused", output.StandardError, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(PipelineFault.NoSuchRun, ExitCode.NotFound), InlineData(PipelineFault.WrongVersion, ExitCode.VersionMismatch)]
    [InlineData(PipelineFault.Conflict, ExitCode.RunConflict), InlineData(PipelineFault.Refused, ExitCode.InvalidInput)]
    public void Failure_OfTheCluster_HasItsExitCode(PipelineFault fault, ExitCode expected) =>
        Assert.Equal((expected, "no"), Failures.Explain(new PipelineException("no", fault)));
}
