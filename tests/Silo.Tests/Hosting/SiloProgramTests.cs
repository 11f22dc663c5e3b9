using SpoActors.Silo.Hosting;
using SpoActors.Silo.Tests.Processes;
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

    static async Task<(int Code, string Log)> RunAsync(string settings, string? folder = null)
    {
        var own = folder ?? Directory.CreateTempSubdirectory("spo-silo").FullName;
        await File.WriteAllTextAsync(Path.Combine(own, "one.yaml"), settings, Cancellation);
        using var silo = new SiloProcess(new SiloPlan("one", "", ""), own);
        silo.Start();
        await silo.WaitForExitAsync(Cancellation);
        var result = (silo.ExitCode, silo.LogTail());
        if (folder is null) Directory.Delete(own, recursive: true);
        return result;
    }
}
