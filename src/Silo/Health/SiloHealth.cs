using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Orleans.Runtime;

namespace SpoActors.Silo.Health;

/// <summary>Ready: the silo is an active member of its cluster, and not about to leave it.</summary>
sealed class SiloHealth(ISiloStatusOracle silos, IHostApplicationLifetime lifetime) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        lifetime.ApplicationStopping.IsCancellationRequested ? HealthCheckResult.Unhealthy("the silo drains: it finishes what it has begun")
        : silos.CurrentStatus == SiloStatus.Active ? HealthCheckResult.Healthy()
        : HealthCheckResult.Unhealthy($"the silo is {silos.CurrentStatus}"));
}
