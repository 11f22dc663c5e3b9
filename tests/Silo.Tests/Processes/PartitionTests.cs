using System.Net;
using Npgsql;
using SpoActors.Grains.Interfaces;
using SpoActors.Tools.Chaos;
using SpoActors.Tools.Chaos.Processes;

namespace SpoActors.Silo.Tests.Processes;

/// <summary>A network that loses packets without telling anybody.</summary>
[Collection(nameof(OneAtATime))]
public sealed class PartitionTests
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Partition_WhenASamplerIsCutOffFromEverything_HealsWithoutLoss()
    {
        await using var cluster = await Services.ClusterAsync("postgres");
        using var network = NetworkNamespace.Require();
        var database = new NpgsqlConnectionStringBuilder(cluster.Storage.Connection);
        await using var forwarder = new TcpForwarder(IPAddress.Parse(network.Outside), new IPEndPoint(IPAddress.Loopback, database.Port));
        (database.Host, database.Port) = (network.Outside, forwarder.Port);
        var island = new SiloPlan("sampler-2", "sampler", "cpu:3")
        {
            Address = network.Inside,
            HttpAddress = network.Inside,
            HttpToken = "secret",
            Connection = database.ConnectionString,
            Launcher = network.Launcher,
        };
        await cluster.StartAsync([.. SiloPlan.Four.Where(s => s.Name != island.Name).Select(s => s with { Address = network.Outside }), island], Cancellation);

        await using var supervisor = new Supervisor(cluster, TestContext.Current.TestOutputHelper!.WriteLine);
        supervisor.Start();
        var run = TinyRuns.Of(rounds: 6);
        await cluster.StartRunAsync(run, Cancellation);
        var before = await cluster.UntilAsync(run.Name, s => s.NextRound >= 1 && s.Workers.Any(w => w.Report.Worker.Silo == island.Name), Patience, Cancellation);
        network.Cut();
        await cluster.UntilAsync(
            run.Name, s => s.NextRound > before.NextRound && s.Workers.All(w => w.Report.Worker.Silo != island.Name), Patience, Cancellation);
        network.Heal();

        var end = await cluster.UntilAsync(run.Name, s => s.Status == RunStatus.Finished, Patience, Cancellation);
        var expected = await TinyRuns.SequentialAsync(rounds: 6);
        Assert.Equal((expected.AdapterHash, expected.ConsumedDigest), (end.Adapter!.Hash, end.Totals.Digest));
        await cluster.ReadyAsync(cluster[island.Name], Cancellation);
    }
}
