using System.Text.Json;
using System.Text.RegularExpressions;
using SpoActors.Grains.Interfaces;
using SpoActors.Silo.Tests.Processes;
using SpoActors.Tools.Chaos.Processes;

namespace SpoActors.Silo.Tests.Monitoring;

/// <summary>The shipped dashboard and alert rules, asked of a real Prometheus that scrapes a real run.</summary>
[Collection(nameof(OneAtATime))]
public sealed partial class MonitoringTests
{
    static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Prometheus_WhenItScrapesARun_AnswersEveryQueryOfDashboardAndAlerts()
    {
        var program = Services.Require("SPO_TEST_PROMETHEUS");
        await using var cluster = await Services.ClusterAsync("postgres");
        await cluster.StartAsync(SiloPlan.Four, Cancellation);
        using var prometheus = new PrometheusServer(program, SiloPlan.Four, Path.Combine(cluster.Folder, "prometheus"));
        var run = TinyRuns.Of(rounds: 4);
        await cluster.StartRunAsync(run, Cancellation);
        await cluster.UntilAsync(run.Name, s => s.Status == RunStatus.Finished, TimeSpan.FromSeconds(120), Cancellation);
        await UntilScrapedAsync(prometheus);

        foreach (var query in DashboardQueries())
            Assert.True((await prometheus.QueryAsync(query, Cancellation)).Count > 0, $"no data for {query}");
        var rules = await prometheus.RulesAsync(Cancellation);
        Assert.NotEmpty(rules);
        foreach (var rule in rules)
        {
            Assert.True(rule.Health == "ok", $"{rule.Name}: {rule.Health} {rule.Error}");
            // A healthy run fires no alert, so what the rules are made of is asked for instead.
            foreach (var selector in Selectors().Matches(rule.Expression).Select(m => m.Value))
                Assert.True((await prometheus.QueryAsync(selector, Cancellation)).Count > 0, $"{rule.Name}: no data for {selector}");
        }
    }

    /// <summary>Until the end of the run has arrived, twice, so that there is a rate.</summary>
    static async Task UntilScrapedAsync(PrometheusServer prometheus)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        for (int i = 0; i < 60 && await timer.WaitForNextTickAsync(Cancellation); i++)
        {
            if ((await prometheus.QueryAsync("min_over_time(spo_rounds_total[2s]) >= 4", Cancellation)).Count > 0
                && (await prometheus.RulesAsync(Cancellation)).All(r => r.Health != "unknown")) return;
        }
        Assert.Fail($"the run's end was not scraped; {prometheus}");
    }

    static IEnumerable<string> DashboardQueries()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(TinyRuns.PathOf("config/grafana/dashboards/spo.json")));
        return
        [
            .. dashboard.RootElement.GetProperty("panels").EnumerateArray().SelectMany(p => p.GetProperty("targets").EnumerateArray())
                .Select(t => t.GetProperty("expr").GetString()!.Replace("$run", ".*", StringComparison.Ordinal).Replace("$__rate_interval", "1m", StringComparison.Ordinal)),
        ];
    }

    [GeneratedRegex(@"\b(spo_[a-z_]+|up)\b(\{[^}]*\})?")]
    private static partial Regex Selectors();
}
