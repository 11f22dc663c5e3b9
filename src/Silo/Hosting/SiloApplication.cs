using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Hosting;
using Prometheus;
using SpoActors.Grains;
using SpoActors.Grains.Compute;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Telemetry;
using SpoActors.Grains.Workers;
using SpoActors.Plugins;
using SpoActors.Silo.Health;
using SpoActors.Silo.Storage;
using SpoActors.Specification.Silos;

namespace SpoActors.Silo.Hosting;

/// <summary>Builds a silo's process: grains and workers, storage, health, metrics, dashboard, traces.</summary>
public static class SiloApplication
{
    /// <summary>A silo that is ready to start.</summary>
    /// <param name="settings">Validated settings.</param>
    /// <param name="compute">Another computing part than libtorch's; benchmarks bring their own.</param>
    /// <param name="plugins">What plug-ins have registered, for the computing part to find; null for nothing.</param>
    public static WebApplication Build(SiloSettings settings, Func<IServiceProvider, IComputeFactory>? compute = null, PluginRegistry? plugins = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _ = settings.Log == "json"
            ? builder.Logging.AddJsonConsole(o => o.TimestampFormat = "O")
            : builder.Logging.AddSimpleConsole(o => (o.SingleLine, o.TimestampFormat) = (true, "HH:mm:ss "));
        builder.Logging.AddFilter("Orleans", LogLevel.Warning).AddFilter("Microsoft", LogLevel.Warning).AddFilter("Polly", LogLevel.Warning);
        // Why it cannot start, the program says itself, on one line where the cause is known.
        builder.Logging.AddFilter("Orleans.Runtime.Silo", LogLevel.Critical).AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.FromSeconds(settings.DrainSeconds + 10));
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Parse(settings.Http.Address), settings.Http.Port));
        builder.Services.AddSingleton(plugins ?? new PluginRegistry());
        builder.Services.AddHealthChecks().AddCheck<SiloHealth>("silo", tags: ["ready"]);
        if (settings.Tracing.Endpoint is { } endpoint)
            builder.Services.AddOpenTelemetry().WithTracing(traces => traces
                .AddSource(PipelineDiagnostics.SourceName, "Microsoft.Orleans.Application")
                .AddOtlpExporter(otlp => otlp.Endpoint = new Uri(endpoint)));

        // Kubernetes' hosting names the silo after its pod, and workers are addressed by that name.
        var name = (settings.Cluster.Kubernetes ? Environment.GetEnvironmentVariable("POD_NAME") : null) ?? settings.Name ?? Environment.MachineName;
        builder.Host.UseOrleans(silo =>
        {
            silo.Configure<SiloOptions>(o => o.SiloName = name);
            ClusterStorage.Configure(silo, settings.Cluster);
            if (settings.Tracing.Endpoint is not null) silo.AddActivityPropagation();
            if (settings.Http.Dashboard) silo.AddDashboard();
            silo.AddSpoPipeline(
                new WorkerOptions
                {
                    Silo = name,
                    Devices = [.. settings.Devices.Select(d => new DeviceRoles(d.Device, [.. settings.RolesOf(d).Select(r => Enum.Parse<WorkerRole>(r, ignoreCase: true)).Distinct()]))],
                    RunsFolder = settings.RunsFolder,
                },
                compute ?? (provider => new TorchComputeFactory(provider.GetRequiredService<TimeProvider>())));
        });
        builder.Services.AddHostedService<DrainFirst>();
        return Map(builder.Build(), settings.Http);
    }

    static WebApplication Map(WebApplication app, HttpSettings http)
    {
        if (!string.IsNullOrWhiteSpace(http.Token)) app.UseMiddleware<TokenGate>(http.Token);
        // Alive as long as requests are answered; ready once the silo is a member.
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready") });
        app.MapMetrics("/metrics");
        if (http.Dashboard) app.MapOrleansDashboard("/dashboard");
        return app;
    }
}
