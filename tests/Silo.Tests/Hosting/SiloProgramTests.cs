using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Npgsql;
using SpoActors.Silo.Hosting;
using SpoActors.Silo.Tests.Processes;
using SpoActors.Specification.Silos;
using SpoActors.Tools.Chaos.Processes;

namespace SpoActors.Silo.Tests.Hosting;

/// <summary>What the program says, and how it ends, when it cannot start.</summary>
[Collection(nameof(OneAtATime))]
public sealed class SiloProgramTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Silo_WhenStorageStaysAway_SaysWhatItWaitsForAndEnds()
    {
        var (code, log) = await RunAsync("""
            cluster:
              kind: postgres
              connection: "Host=127.0.0.1;Port=1;Username=spo;Database=spo;Timeout=1"
              storage_patience_seconds: 3
            """);
        Assert.True(code == 6, log);
        Assert.Contains("Waiting for postgres", log, StringComparison.Ordinal);
        Assert.Contains("did not answer within 3 s", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silo_WhenDatabaseHasNoTables_SaysHowToMakeThem()
    {
        var server = Services.Require("SPO_TEST_POSTGRES");
        var (code, log) = await RunAsync($"""
            cluster:
              kind: postgres
              connection: "{server}"
            """);
        Assert.True(code == 6, log);
        Assert.Contains("spo cluster init", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silo_WhenDeviceBelongsToAnother_SaysSo()
    {
        var folder = Directory.CreateTempSubdirectory("spo-claims");
        // As the program names it, in the folder that the started program takes for temporary files.
        await using (File.Open(Path.Combine(folder.FullName, "spo-device-cpu-0.lock"), FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            var (code, log) = await RunAsync("devices: [\"cpu:0\"]", folder.FullName);
            Assert.True(code == 4, log);
            Assert.Contains("cpu:0 belongs to another silo on this machine", log, StringComparison.Ordinal);
        }
        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Silo_WhenSettingsAreWrong_EndsWithTheirStatus() => Assert.Equal(2, (await RunAsync("roles: [judge]")).Code);

    [Theory]
    [InlineData("name: [a\nroles: sampler")]
    [InlineData("cluster:\nhttp:\nroles:\ndevices: [null]")]
    [InlineData("name: \"a b\"\ncluster: { id: \"\", failure_seconds: 2147483647 }\nruns_folder: /etc/hostname\nroles: [sampler, sampler]")]
    [InlineData("cluster: { kind: postgres, connection: \"nonsense\" }")]
    [InlineData("cluster: { silo_port: 1234, gateway_port: 1234 }")]
    [InlineData("cluster: { address: 203.0.113.7, trusted_network: true }")]
    public async Task Silo_WhenSettingsCannotBeUsed_EndsWithStatus2AndNoTrace(string settings)
    {
        var (code, log) = await RunAsync(settings);
        Assert.True(code == 2, $"{code}: {log}");
        Assert.DoesNotContain("   at ", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silo_WhenHttpPortIsInUse_RefusesBeforeItJoins()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var (code, log) = await RunAsync(string.Create(CultureInfo.InvariantCulture, $"http: {{ port: {((IPEndPoint)other.LocalEndpoint).Port} }}"));
        Assert.True(code == 2, log);
        Assert.Contains("http.port: found", log, StringComparison.Ordinal);
        Assert.Contains("which is in use; expected a free port", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silo_WhenDeviceDoesNotExist_RefusesBeforeItJoins()
    {
        var (code, log) = await RunAsync("devices: [\"cuda:99\", \"cuda:98\"]");
        Assert.True(code == 4, log);
        Assert.Contains("devices: ", log, StringComparison.Ordinal);
        Assert.Contains("cuda:98", log, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silo_WhenALivingOneOfALocalhostClusterHasItsName_IsRefused()
    {
        var (first, second) = (new SiloPlan("one", "", ""), new SiloPlan("one", "", ""));
        await using var app = SiloApplication.Build(new SiloSettings
        {
            Name = "one",
            Roles = [],
            Cluster = new ClusterSettings { SiloPort = first.SiloPort, GatewayPort = first.GatewayPort },
            Http = new HttpSettings { Port = first.HttpPort },
        });
        await app.StartAsync(Cancellation);
        var (code, log) = await RunAsync(string.Create(CultureInfo.InvariantCulture, $$"""
            name: one
            devices: ["cpu:1"]
            cluster: { silo_port: {{second.SiloPort}}, gateway_port: {{second.GatewayPort}}, primary: "127.0.0.1:{{first.SiloPort}}" }
            http: { port: {{second.HttpPort}} }
            """));
        Assert.True(code == 5, log);
        Assert.Contains("name: 'one' belongs to a living silo of the cluster", log, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception during Silo.Start", log, StringComparison.Ordinal);
        await app.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Silo_WhenSchemaIsOfALaterRelease_SaysWhichAndEnds()
    {
        await using var storage = await ProcessStorage.PostgresAsync(Services.Require("SPO_TEST_POSTGRES"));
        await using var connection = new NpgsqlConnection(storage.Connection);
        await connection.OpenAsync(Cancellation);
        await using (var command = new NpgsqlCommand("UPDATE SpoSchema SET Version = 7", connection)) await command.ExecuteNonQueryAsync(Cancellation);
        var (code, log) = await RunAsync($"cluster: {{ kind: postgres, connection: \"{storage.Connection}\" }}");
        Assert.True(code == 6, log);
        Assert.Contains("schema version 7, this program needs 1", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silo_WhenTablesAreOfAnotherSchema_SaysWhatIsMissing()
    {
        await using var storage = await ProcessStorage.PostgresAsync(Services.Require("SPO_TEST_POSTGRES"));
        await using var connection = new NpgsqlConnection(storage.Connection);
        await connection.OpenAsync(Cancellation);
        await using (var command = new NpgsqlCommand("DELETE FROM OrleansQuery WHERE QueryKey = 'WriteToStorageKey'", connection)) await command.ExecuteNonQueryAsync(Cancellation);
        var (code, log) = await RunAsync($"cluster: {{ kind: postgres, connection: \"{storage.Connection}\" }}");
        Assert.True(code == 6, log);
        Assert.Contains("it lacks WriteToStorageKey", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Silo_WhenDatabaseDoesNotExist_EndsAtOnce()
    {
        var server = new NpgsqlConnectionStringBuilder(Services.Require("SPO_TEST_POSTGRES")) { Database = "nowhere" };
        var (code, log) = await RunAsync($"cluster: {{ kind: postgres, connection: \"{server.ConnectionString}\" }}");
        Assert.True(code == 6, log);
        Assert.Contains("PostgreSQL refuses it", log, StringComparison.Ordinal);
        Assert.DoesNotContain("Waiting", log, StringComparison.Ordinal);
    }

    static async Task<(int Code, string Log)> RunAsync(string settings, string? folder = null)
    {
        var own = folder ?? Directory.CreateTempSubdirectory("spo-silo").FullName;
        await File.WriteAllTextAsync(Path.Combine(own, "one.yaml"), settings, Cancellation);
        using var silo = new SiloProcess(new SiloPlan("one", "", ""), own);
        silo.Start();
        // One that does not end by itself is ended with the test, which then fails.
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(TimeSpan.FromMinutes(2));
        await silo.WaitForExitAsync(patience.Token);
        var result = (silo.ExitCode, silo.LogTail());
        if (folder is null) Directory.Delete(own, recursive: true);
        return result;
    }
}
