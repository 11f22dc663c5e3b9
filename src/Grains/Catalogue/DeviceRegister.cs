using SpoActors.Grains.Interfaces.Catalogue;
using SpoActors.Grains.Interfaces.Identity;

namespace SpoActors.Grains.Catalogue;

/// <summary>What the cluster's workers were last heard to do; nothing of it outlives a few seconds of silence.</summary>
public sealed class DeviceRegister(TimeProvider time)
{
    /// <summary>Longer than runs and idle workers are silent.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    readonly Dictionary<string, (IReadOnlyList<WorkerId> Workers, DateTimeOffset Heard)> serving = new(StringComparer.Ordinal);
    readonly Dictionary<WorkerId, DateTimeOffset> free = [];

    /// <summary>A worker looks for work.</summary>
    public void Free(WorkerId worker) => free[worker] = time.GetUtcNow();

    /// <summary>A run tells who serves it.</summary>
    public void Serve(RunWorkers run)
    {
        serving[run.Run] = (run.Workers, time.GetUtcNow());
        foreach (var worker in run.Workers) free.Remove(worker);
    }

    /// <summary>What all others do, as a run sees it.</summary>
    public DeviceTable For(string run)
    {
        var since = time.GetUtcNow() - Patience;
        foreach (var silent in serving.Where(s => s.Value.Heard < since).Select(s => s.Key).ToArray()) serving.Remove(silent);
        foreach (var silent in free.Where(f => f.Value < since).Select(f => f.Key).ToArray()) free.Remove(silent);
        return new DeviceTable([.. serving.Where(s => s.Key != run).SelectMany(s => s.Value.Workers.Select(w => new BusyWorker(w, s.Key)))], [.. free.Keys]);
    }
}
