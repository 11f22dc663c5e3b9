using System.Text.Json;
using SpoActors.Silo.Tests.Processes;
using SpoActors.Tools.Chaos.Processes;

namespace SpoActors.Silo.Tests.Monitoring;

/// <summary>A Prometheus with the shipped configuration, scraping every second.</summary>
sealed class PrometheusServer : IDisposable
{
    readonly string folder;
    readonly GuardedProcess process;
    readonly HttpClient http;

    public PrometheusServer(string program, IEnumerable<SiloPlan> silos, string folder)
    {
        this.folder = folder;
        Directory.CreateDirectory(folder);
        var shipped = TinyRuns.PathOf("config/prometheus");
        File.WriteAllText(Path.Combine(folder, "prometheus.yml"), File.ReadAllText(Path.Combine(shipped, "prometheus.yml")).Replace("5s", "1s", StringComparison.Ordinal));
        File.Copy(Path.Combine(shipped, "alerts.yml"), Path.Combine(folder, "alerts.yml"));
        File.WriteAllText(Path.Combine(folder, "silos.yml"), $"- targets: [{string.Join(", ", silos.Select(s => $"\"127.0.0.1:{s.HttpPort}\""))}]\n");
        var address = $"127.0.0.1:{SiloPlan.FreePort()}";
        http = new HttpClient { BaseAddress = new Uri($"http://{address}/api/v1/") };
        process = new GuardedProcess(
            [program, $"--config.file={folder}/prometheus.yml", $"--storage.tsdb.path={folder}/data", $"--web.listen-address={address}", "--log.level=warn"],
            Path.Combine(folder, "log"), folder);
        process.Start();
    }

    /// <summary>The result of an instant query.</summary>
    /// <exception cref="InvalidOperationException">Prometheus refuses it.</exception>
    public async Task<IReadOnlyList<JsonElement>> QueryAsync(string expression, CancellationToken cancellation)
    {
        var data = await GetAsync($"query?query={Uri.EscapeDataString(expression)}", cancellation);
        return [.. data.GetProperty("result").EnumerateArray()];
    }

    /// <summary>Rules as they are evaluated: name, health and last error.</summary>
    public async Task<IReadOnlyList<(string Name, string Expression, string Health, string Error)>> RulesAsync(CancellationToken cancellation)
    {
        var data = await GetAsync("rules", cancellation);
        return
        [
            .. data.GetProperty("groups").EnumerateArray().SelectMany(g => g.GetProperty("rules").EnumerateArray()).Select(rule => (
                rule.GetProperty("name").GetString()!, rule.GetProperty("query").GetString()!, rule.GetProperty("health").GetString()!,
                rule.TryGetProperty("lastError", out var error) ? error.GetString()! : "")),
        ];
    }

    async Task<JsonElement> GetAsync(string path, CancellationToken cancellation)
    {
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative), cancellation);
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(cancellation));
        return json.RootElement.GetProperty("status").GetString() == "success"
            ? json.RootElement.GetProperty("data").Clone()
            : throw new InvalidOperationException($"{path}: {json.RootElement.GetProperty("error").GetString()}");
    }

    public override string ToString() => $"{folder}: {process.LogTail()}";

    public void Dispose()
    {
        process.Dispose();
        http.Dispose();
    }
}
