using Microsoft.Extensions.Logging.Abstractions;
using SpoActors.Grains.Hosting;
using SpoActors.Silo.Storage;
using SpoActors.Silo.Tests.Processes;
using SpoActors.Specification.Silos;

namespace SpoActors.Silo.Tests.Hosting;

/// <summary>A clock that differs too much from the storage's.</summary>
public sealed class StorageCheckTests
{
    [Theory]
    [InlineData("postgres", "SPO_TEST_POSTGRES", 100)]
    [InlineData("redis", "SPO_TEST_REDIS", -100)]
    public async Task Wait_WhenClocksDifferByMoreThanAFailure_NamesBothAndTheFix(string kind, string variable, int seconds)
    {
        await using var storage = kind == "postgres"
            ? await Tools.Chaos.Processes.ProcessStorage.PostgresAsync(Services.Require(variable))
            : await Tools.Chaos.Processes.ProcessStorage.RedisAsync(Services.Require(variable), database: 1);
        var cluster = new ClusterSettings { Kind = kind, Connection = storage.Connection };
        await CheckAsync(cluster, seconds: 5);
        var error = await Assert.ThrowsAsync<ClusterConflictException>(() => CheckAsync(cluster, seconds));
        Assert.Contains($"clock is 100 s {(seconds > 0 ? "ahead of" : "behind")} the {kind} server's", error.Message, StringComparison.Ordinal);
        Assert.Contains("NTP", error.Message, StringComparison.Ordinal);
    }

    static Task CheckAsync(ClusterSettings cluster, int seconds) =>
        new StorageCheck(cluster, new ShiftedTime(TimeSpan.FromSeconds(seconds)), NullLogger.Instance).WaitAsync(TestContext.Current.CancellationToken);

    sealed class ShiftedTime(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }
}
