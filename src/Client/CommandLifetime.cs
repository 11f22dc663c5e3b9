using Microsoft.Extensions.Hosting;

namespace SpoActors.Client;

/// <summary>For hosts inside a command: signals are the command's to handle.</summary>
sealed class CommandLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
