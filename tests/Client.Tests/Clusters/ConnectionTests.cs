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
    [InlineData("postgres", "Host=127.0.0.1;Port=1;Username=spo;Timeout=2", ExitCode.ClusterUnavailable, "postgres does not answer (")]
    [InlineData("redis", "127.0.0.1:1,connectTimeout=500", ExitCode.ClusterUnavailable, "redis does not answer (")]
    [InlineData("postgres", "nonsense", ExitCode.InvalidInput, "cluster.connection: found a text that cannot be read")]
    public async Task Command_WhenStorageCannotBeAsked_SaysSoOnOneLine(string kind, string connection, ExitCode expected, string what)
    {
        using var folder = new TemporaryFolder();
        var (code, output) = await Spo.Run("list", "--cluster", folder.Write("cluster.yaml", $"cluster: {{ kind: {kind}, connection: \"{connection}\" }}\n"));
        Assert.Equal(expected, code);
        Assert.Contains(what, output.StandardError, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", output.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Command_BeforeClusterInit_SaysToRunIt()
    {
        if (Environment.GetEnvironmentVariable("SPO_TEST_POSTGRES") is not { Length: > 0 } server)
        {
            Assert.SkipUnless(Environment.GetEnvironmentVariable("SPO_CI") == "1", "SPO_TEST_POSTGRES is not set; eval \"$(eng/services start FOLDER)\" starts it");
            throw new InvalidOperationException("SPO_TEST_POSTGRES is not set, though this is CI");
        }
        using var folder = new TemporaryFolder();
        var (code, output) = await Spo.Run("list", "--cluster", folder.Write("cluster.yaml", $"cluster: {{ kind: postgres, connection: \"{server}\" }}\n"));
        Assert.Equal(ExitCode.ClusterUnavailable, code);
        Assert.Contains("has no Orleans tables; run `spo cluster init` on it once", output.StandardError, StringComparison.Ordinal);
        Assert.Single(output.StandardError.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData(PipelineFault.NoSuchRun, ExitCode.NotFound), InlineData(PipelineFault.WrongVersion, ExitCode.VersionMismatch)]
    [InlineData(PipelineFault.Conflict, ExitCode.RunConflict), InlineData(PipelineFault.Refused, ExitCode.InvalidInput)]
    public void Failure_OfTheCluster_HasItsExitCode(PipelineFault fault, ExitCode expected) =>
        Assert.Equal((expected, "no"), Failures.Explain(new PipelineException("no", fault)));
}
