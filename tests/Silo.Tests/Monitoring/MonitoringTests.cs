using System.Text.Json;
using System.Text.RegularExpressions;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Runs;
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
        // Long enough to be in progress until it is cancelled: what a gauge says goes with the run.
        var run = TinyRuns.Of(rounds: 100_000);
        await cluster.StartRunAsync(run, Cancellation);
        await UntilScrapedAsync(prometheus);

        // Each silo is scraped at its own time, and a rate needs two.
        foreach (var query in DashboardQueries())
            await UntilAsync(async () => (await prometheus.QueryAsync(query, Cancellation)).Count > 0, $"no data for {query}");
        var rules = await prometheus.RulesAsync(Cancellation);
        Assert.NotEmpty(rules);
        foreach (var rule in rules)
        {
            Assert.True(rule.Health == "ok", $"{rule.Name}: {rule.Health} {rule.Error}");
            // A healthy run fires no alert, so what the rules are made of is asked for instead.
            foreach (var selector in Selectors().Matches(rule.Expression).Select(m => m.Value))
                Assert.True(IsOfTheSick(selector) || (await prometheus.QueryAsync(selector, Cancellation)).Count > 0, $"{rule.Name}: no data for {selector}");
        }

        await cluster.ControlAsync(run.Name, RunAction.Cancel, Cancellation);
        await UntilAsync(async () => (await prometheus.QueryAsync("spo_items", Cancellation)).Count == 0, $"the gauges of a run that was cancelled stay; {prometheus}");
    }

    /// <summary>Nobody is quarantined here; tests/data/alerts.yml has that case.</summary>
    static bool IsOfTheSick(string selector) => selector.StartsWith("spo_worker_quarantined", StringComparison.Ordinal);

    /// <summary>Until some rounds have arrived, twice, so that there is a rate.</summary>
    static Task UntilScrapedAsync(PrometheusServer prometheus) => UntilAsync(
        async () => (await prometheus.QueryAsync("min_over_time(spo_rounds_total[2s]) >= 4", Cancellation)).Count > 0
            && (await prometheus.RulesAsync(Cancellation)).All(r => r.Health != "unknown"),
        $"no rounds were scraped; {prometheus}");

    static async Task UntilAsync(Func<Task<bool>> condition, string otherwise)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500));
        for (int i = 0; i < 240 && await timer.WaitForNextTickAsync(Cancellation); i++)
            if (await condition()) return;
        Assert.Fail(otherwise);
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
