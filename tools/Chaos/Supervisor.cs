using SpoActors.Tools.Chaos.Processes;

namespace SpoActors.Tools.Chaos;

/// <summary>Starts silos again that ended by themselves, as systemd or Kubernetes does.</summary>
public sealed class Supervisor(ProcessCluster cluster, Action<string> say) : IAsyncDisposable
{
    readonly CancellationTokenSource ended = new();
    readonly HashSet<SiloProcess> left = [];
    Task watching = Task.CompletedTask;

    /// <summary>Silos that ended by themselves.</summary>
    public int SelfEnded { get; private set; }

    public void Start() => watching = WatchAsync();

    /// <summary>This one may be down.</summary>
    public void Leave(SiloProcess silo)
    {
        lock (left) left.Add(silo);
    }

    public void Watch(SiloProcess silo)
    {
        lock (left) left.Remove(silo);
    }

    async Task WatchAsync()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(300));
        while (!ended.IsCancellationRequested)
        {
            lock (left)
                foreach (var silo in cluster.Silos.Where(s => !s.IsRunning && !left.Contains(s)).ToArray())
                {
                    SelfEnded++;
                    say($"{silo.Plan.Name} ended itself with status {silo.ExitCode}; it is started again");
                    silo.Start();
                }
            await ((Task)timer.WaitForNextTickAsync(ended.Token).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync().ConfigureAwait(false);
        await watching.ConfigureAwait(false);
        ended.Dispose();
    }
}
