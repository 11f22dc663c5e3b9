using SpoActors.Grains.Interfaces.Catalogue;
using SpoActors.Grains.Interfaces.Identity;

namespace SpoActors.Grains.Catalogue;

/// <summary>
/// What the cluster's workers were last heard to do, and which run each should serve. Nothing of it outlives a few seconds of silence.
/// </summary>
/// <remarks>
/// Samplers and scorers are shared between the runs that have a trainer, by priority (<see cref="FairShares"/>); a run that has more than
/// its share gives the rest up between two items, as soon as another has less. A trainer serves one run to its end, the oldest first.
/// </remarks>
public sealed class DeviceRegister(TimeProvider time)
{
    /// <summary>Longer than runs and idle workers are silent.</summary>
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>A worker that was sent to a run has been heard of there by then.</summary>
    static readonly TimeSpan Journey = TimeSpan.FromSeconds(5);

    static readonly WorkerRole[] Shared = [WorkerRole.Sampler, WorkerRole.Scorer];

    readonly Dictionary<string, (IReadOnlyList<WorkerId> Workers, DateTimeOffset Heard)> serving = new(StringComparer.Ordinal);
    readonly Dictionary<WorkerId, DateTimeOffset> free = [];
    readonly Dictionary<WorkerId, (string Run, DateTimeOffset Since)> sent = [];

    /// <summary>A worker looks for work.</summary>
    public void Free(WorkerId worker)
    {
        free[worker] = time.GetUtcNow();
        sent.Remove(worker);
    }

    /// <summary>A run tells who serves it.</summary>
    public void Serve(RunWorkers run)
    {
        serving[run.Run] = (run.Workers, time.GetUtcNow());
        foreach (var worker in run.Workers)
        {
            free.Remove(worker);
            sent.Remove(worker);
        }
    }

    /// <summary>What all others do, as a run sees it, and which of its own workers it shall give up.</summary>
    /// <param name="run">The run.</param>
    /// <param name="running">All that are in progress, the oldest first.</param>
    public DeviceTable For(string run, IReadOnlyList<CatalogueEntry> running)
    {
        Forget();
        return new DeviceTable([.. Busy.Where(b => b.Run != run)], [.. free.Keys], [.. Shared.SelectMany(role => Surplus(run, role, running))]);
    }

    /// <summary>Who serves which run.</summary>
    public IEnumerable<BusyWorker> Busy => serving.SelectMany(s => s.Value.Workers.Select(w => new BusyWorker(w, s.Key)));

    /// <summary>The runs in the order in which a worker that is free should offer itself to them.</summary>
    public IReadOnlyList<CatalogueEntry> Order(WorkerId worker, IReadOnlyList<CatalogueEntry> running)
    {
        if (!Shared.Contains(worker.Role) || running.Count < 2) return running;
        Forget();
        var lacks = Lacks(worker.Role, running);
        CatalogueEntry[] ordered = [.. running.Index().OrderByDescending(r => lacks[r.Index]).ThenBy(r => r.Index).Select(r => r.Item)];
        sent[worker] = (ordered[0].Run, time.GetUtcNow());
        return ordered;
    }

    IEnumerable<WorkerId> Surplus(string run, WorkerRole role, IReadOnlyList<CatalogueEntry> running)
    {
        var own = running.Index().FirstOrDefault(r => r.Item.Run == run, (Index: -1, null!)).Index;
        if (own < 0 || running.Count < 2) return [];
        var lacks = Lacks(role, running);
        // Whoever is free goes first where somebody lacks.
        var wanted = lacks.Where(l => l > 0).Sum() - free.Keys.Count(w => w.Role == role && !sent.ContainsKey(w));
        return serving[run].Workers.Where(w => w.Role == role).Order(Comparer<WorkerId>.Create((a, b) => string.CompareOrdinal(b.ToString(), a.ToString()))).Take(Math.Max(0, Math.Min(-lacks[own], wanted)));
    }

    /// <summary>By run, how many workers of a role it has less than its share; negative for more.</summary>
    IReadOnlyList<int> Lacks(WorkerRole role, IReadOnlyList<CatalogueEntry> running)
    {
        var counts = running.Select(r => Of(r.Run).Count(w => w.Role == role)).ToArray();
        var workers = counts.Sum() + free.Keys.Count(w => w.Role == role && !sent.ContainsKey(w));
        // Without a trainer a run has no items to give out.
        var shares = FairShares.Of(workers, [.. running.Select(r => Of(r.Run).Any(w => w.Role == WorkerRole.Trainer) ? Math.Max(1, r.Priority) : 0)]);
        return [.. shares.Zip(counts, (share, count) => share - count)];
    }

    /// <summary>Those that serve a run, or are on their way to it.</summary>
    IEnumerable<WorkerId> Of(string run) =>
        (serving.TryGetValue(run, out var known) ? known.Workers.Where(w => !free.ContainsKey(w)) : []).Concat(sent.Where(s => s.Value.Run == run).Select(s => s.Key)).Distinct();

    void Forget()
    {
        var now = time.GetUtcNow();
        foreach (var silent in serving.Where(s => s.Value.Heard < now - Patience).Select(s => s.Key).ToArray()) serving.Remove(silent);
        foreach (var silent in free.Where(f => f.Value < now - Patience).Select(f => f.Key).ToArray()) free.Remove(silent);
        foreach (var arrived in sent.Where(s => s.Value.Since < now - Journey).Select(s => s.Key).ToArray()) sent.Remove(arrived);
    }
}
