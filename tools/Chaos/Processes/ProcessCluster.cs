using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Specification;
using SpoActors.Specification.Prompts;
using SpoActors.Specification.Yaml;

namespace SpoActors.Tools.Chaos.Processes;

/// <summary>Silos as processes on this machine, and a client of theirs.</summary>
public sealed class ProcessCluster : IAsyncDisposable
{
    static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(10), PollPeriod = TimeSpan.FromMilliseconds(100);

    readonly Dictionary<string, SiloProcess> silos = [];
    readonly HttpClient http = new();
    IHost? client;

    public ProcessCluster(ProcessStorage storage) => Storage = storage;

    public ProcessStorage Storage { get; }

    /// <summary>Configurations, logs, device locks and runs.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("spo-silos").FullName;

    public string RunsFolder => Path.Combine(Folder, "runs");

    public IEnumerable<SiloProcess> Silos => silos.Values;

    public SiloProcess this[string name] => silos[name];

    /// <summary>Starts a silo; <see cref="ReadyAsync"/> waits for it.</summary>
    public SiloProcess Start(SiloPlan plan)
    {
        File.WriteAllText(Path.Combine(Folder, $"{plan.Name}.yaml"), plan.ToYaml(Storage, RunsFolder));
        var silo = silos[plan.Name] = new SiloProcess(plan, Folder);
        silo.Start();
        return silo;
    }

    /// <summary>Starts silos and the client.</summary>
    public async Task StartAsync(IEnumerable<SiloPlan> plans, CancellationToken cancellation)
    {
        foreach (var silo in plans.Select(Start).ToArray()) await ReadyAsync(silo, cancellation).ConfigureAwait(false);
        client = new HostBuilder()
            .ConfigureLogging(logging => logging.SetMinimumLevel(LogLevel.None))
            .UseOrleansClient(builder =>
            {
                builder.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (Storage.ClusterId, Storage.ClusterId));
                builder.Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = TimeSpan.FromSeconds(2));
                builder.UseConnectionRetryFilter(async (_, token) =>
                {
                    await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System, token).ConfigureAwait(false);
                    return true;
                });
                Storage.Configure(builder);
            })
            .Build();
        await client.StartAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Waits until a silo says that it is ready.</summary>
    public async Task ReadyAsync(SiloProcess silo, CancellationToken cancellation)
    {
        for (var started = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(120);)
        {
            if (!silo.IsRunning) throw new InvalidOperationException($"{silo.Plan.Name} ended with status {silo.ExitCode}:\n{silo.LogTail()}");
            if (await StatusAsync(silo, "/health/ready", cancellation).ConfigureAwait(false) == HttpStatusCode.OK) return;
            await Task.Delay(PollPeriod, TimeProvider.System, cancellation).ConfigureAwait(false);
        }
        throw new TimeoutException($"{silo.Plan.Name} is not ready:\n{silo.LogTail()}");
    }

    /// <summary>The status of a silo's answer; null while it doesn't listen.</summary>
    public async Task<HttpStatusCode?> StatusAsync(SiloProcess silo, string path, CancellationToken cancellation)
    {
        try
        {
            using var response = await http.GetAsync(new Uri($"http://{silo.Plan.HttpAddress}:{silo.Plan.HttpPort}{path}"), cancellation).ConfigureAwait(false);
            return response.StatusCode;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    public IRunGrain Run(string id) =>
        (client ?? throw new InvalidOperationException("the client is not started")).Services.GetRequiredService<IClusterClient>().GetGrain<IRunGrain>(id);

    /// <summary>Starts a run.</summary>
    public Task<RunSnapshot> StartRunAsync(RunSpecification run, CancellationToken cancellation)
    {
        var request = new StartRun(Protocol.Version, SpecificationYaml.Write(run), PromptsPayload.Pack(PromptFile.Read(run.Prompts)));
        return CallAsync(run.Name, (grain, token) => grain.StartAsync(request, token), cancellation);
    }

    public Task<RunSnapshot> ControlAsync(string run, RunAction action, CancellationToken cancellation) =>
        CallAsync(run, (grain, token) => grain.ControlAsync(new ControlRun(Protocol.Version, action), token), cancellation);

    public Task<RunSnapshot> DescribeAsync(string run, CancellationToken cancellation) =>
        CallAsync(run, (grain, token) => grain.DescribeAsync(new DescribeRun(Protocol.Version), token), cancellation);

    /// <summary>Follows a run until a condition holds, past silos that die meanwhile.</summary>
    /// <exception cref="TimeoutException">It does not hold in time; the message has what is known.</exception>
    public async Task<RunSnapshot> UntilAsync(string run, Func<RunSnapshot, bool> condition, TimeSpan patience, CancellationToken cancellation)
    {
        RunSnapshot? last = null;
        Exception? error = null;
        for (var started = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(started) < patience;)
        {
            try
            {
                last = await DescribeAsync(run, cancellation).ConfigureAwait(false);
                if (condition(last)) return last;
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested && e is not PipelineException)
            {
                error = e;
            }
            await Task.Delay(PollPeriod, TimeProvider.System, cancellation).ConfigureAwait(false);
        }
        throw new TimeoutException(
            $"not within {patience}: {last} {string.Join("; ", last?.Workers ?? [])}; last error: {error?.Message}\n{string.Join("\n\n", Silos.Select(s => $"{s.Plan.Name}: {s.LogTail(15)}"))}");
    }

    /// <summary>Asks every silo to stop, and waits until they have.</summary>
    /// <returns>Processes of this cluster's folder that are still there seconds later.</returns>
    public async Task<IReadOnlyList<int>> StopAsync(CancellationToken cancellation)
    {
        foreach (var silo in Silos.Where(s => s.IsRunning)) silo.Ask();
        foreach (var silo in Silos) await silo.WaitForExitAsync(cancellation).ConfigureAwait(false);
        var left = Processes();
        for (int i = 0; i < 50 && left.Count > 0; i++, left = Processes()) await Task.Delay(PollPeriod, TimeProvider.System, cancellation).ConfigureAwait(false);
        return left;
    }

    IReadOnlyList<int> Processes() =>
        [.. Directory.GetDirectories("/proc").Select(p => int.TryParse(Path.GetFileName(p), out var id) ? id : 0).Where(id => id > 0 && Belongs(id))];

    public async ValueTask DisposeAsync()
    {
        foreach (var silo in silos.Values) silo.Dispose();
        if (client is not null)
        {
            await client.StopAsync(CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            client.Dispose();
        }
        http.Dispose();
        await Storage.DisposeAsync().ConfigureAwait(false);
        Directory.Delete(Folder, recursive: true);
    }

    bool Belongs(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/environ").Contains($"TMPDIR={Folder}\0", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    Task<RunSnapshot> CallAsync(string run, Func<IRunGrain, CancellationToken, Task<RunSnapshot>> call, CancellationToken cancellation) =>
        call(Run(run), cancellation).WaitAsync(CallLimit, TimeProvider.System, cancellation);
}
