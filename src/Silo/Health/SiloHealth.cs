using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Runtime;

namespace SpoActors.Silo.Health;

/// <summary>Ready: the silo is an active member of its cluster.</summary>
sealed class SiloHealth(ISiloStatusOracle silos) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        silos.CurrentStatus == SiloStatus.Active
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy($"the silo is {silos.CurrentStatus}"));
}
