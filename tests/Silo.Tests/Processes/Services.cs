using SpoActors.Tools.Chaos.Processes;

namespace SpoActors.Silo.Tests.Processes;

/// <summary>Servers that tests need. Without them tests are skipped; in CI they fail instead.</summary>
static class Services
{
    const string Fix = "eval \"$(eng/services start FOLDER)\" starts them";

    /// <summary>The value of a variable that eng/services prints.</summary>
    public static string Require(string variable)
    {
        if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value) return value;
        if (Environment.GetEnvironmentVariable("SPO_CI") == "1") Assert.Fail($"{variable} is not set, though this is CI; {Fix}");
        Assert.Skip($"{variable} is not set; {Fix}");
        return "";
    }

    /// <summary>A cluster without silos yet.</summary>
    public static async Task<ProcessCluster> ClusterAsync(string kind) => new(kind == "postgres"
        ? await ProcessStorage.PostgresAsync(Require("SPO_TEST_POSTGRES"))
        : await ProcessStorage.RedisAsync(Require("SPO_TEST_REDIS"), database: 1));
}
