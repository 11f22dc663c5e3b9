using Microsoft.Extensions.Hosting;
using SpoActors.Grains.Hosting;

namespace SpoActors.Silo.Hosting;

/// <summary>Lets the workers finish before anything else stops: health and metrics stay visible meanwhile, which can take minutes.</summary>
sealed class DrainFirst(WorkerHost workers) : IHostedLifecycleService
{
    public Task StoppingAsync(CancellationToken cancellationToken) => workers.DrainAsync(cancellationToken);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
