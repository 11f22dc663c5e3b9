using System.Diagnostics;
using SpoActors.Silo.Tests.Processes;

namespace SpoActors.Silo.Tests.Monitoring;

/// <summary>Each shipped alert fires when it should and stays silent when it should, by Prometheus' own rule tests.</summary>
public sealed class AlertRuleTests
{
    [Fact]
    public async Task Alerts_InTheirRuleTests_FireAndStaySilent()
    {
        var promtool = Path.Combine(Path.GetDirectoryName(Services.Require("SPO_TEST_PROMETHEUS"))!, "promtool");
        var folder = Directory.CreateTempSubdirectory("spo-alerts-");
        File.Copy(TinyRuns.PathOf("config/prometheus/alerts.yml"), Path.Combine(folder.FullName, "rules.yml"));
        File.Copy(TinyRuns.PathOf("tests/data/alerts.yml"), Path.Combine(folder.FullName, "alerts.yml"));
        using var process = Process.Start(new ProcessStartInfo(promtool, ["test", "rules", Path.Combine(folder.FullName, "alerts.yml")])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{await output}{await error}");
        folder.Delete(recursive: true);
    }

    [Fact]
    public void Alerts_AllOfThem_HaveASeverityAndBothKindsOfTest()
    {
        var rules = File.ReadAllText(TinyRuns.PathOf("config/prometheus/alerts.yml")).Split("- alert: ")[1..];
        var cases = File.ReadAllText(TinyRuns.PathOf("tests/data/alerts.yml")).Split("eval_time: ")[1..];
        Assert.NotEmpty(rules);
        foreach (var rule in rules)
        {
            Assert.Contains("severity: ", rule, StringComparison.Ordinal);
            var name = rule.Split('\n')[0].Trim();
            var tests = cases.Where(c => c.Contains($"alertname: {name}", StringComparison.Ordinal)).ToArray();
            Assert.Contains(tests, c => c.Contains("exp_alerts", StringComparison.Ordinal));
            Assert.Contains(tests, c => !c.Contains("exp_alerts", StringComparison.Ordinal));
        }
    }
}
