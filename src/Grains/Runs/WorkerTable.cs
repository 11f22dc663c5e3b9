using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Grains.Ledger;

namespace SpoActors.Grains.Runs;

/// <summary>The workers of a run as far as it has heard of them.</summary>
public sealed class WorkerTable(TimeSpan patience)
{
    readonly SortedDictionary<string, (WorkerReport Report, DateTimeOffset Heard)> workers = new(StringComparer.Ordinal);

    public IEnumerable<WorkerView> Views(DateTimeOffset now) => workers.Values.Select(w => new WorkerView(w.Report, now - w.Heard));

    /// <returns>The report before this one; null for a new worker.</returns>
    public WorkerReport? Hear(WorkerReport report, DateTimeOffset now)
    {
        var before = Find(report.Worker);
        workers[report.Worker.ToString()] = (report, now);
        return before;
    }

    public bool Remove(WorkerId worker) => workers.Remove(worker.ToString());

    public WorkerReport? Find(WorkerId worker) => workers.TryGetValue(worker.ToString(), out var known) ? known.Report : null;

    /// <summary>Workers not heard of for too long.</summary>
    public IReadOnlyList<WorkerId> Silent(DateTimeOffset now) => [.. workers.Values.Where(w => now - w.Heard > patience).Select(w => w.Report.Worker)];

    /// <summary>Workers of a role that can take work.</summary>
    public IEnumerable<WorkerReport> Able(WorkerRole role) =>
        workers.Values.Select(w => w.Report).Where(r => r.Worker.Role == role && !r.Draining && r.Problem is null);

    /// <summary>The scorer with the fewest items, or null if there is none.</summary>
    public WorkerId? LeastLoadedScorer(RunLedger ledger) =>
        Able(WorkerRole.Scorer).MinBy(r => (ledger.LeasesOf(r.Worker).Count, r.Load.QueueDepth))?.Worker;

    /// <summary>Why nothing moves, or an empty text.</summary>
    public string Obstacle()
    {
        foreach (var role in Enum.GetValues<WorkerRole>())
        {
            if (Able(role).Any()) continue;
            var problems = workers.Values.Select(w => w.Report).Where(r => r.Worker.Role == role && r.Problem is not null).Select(r => $"{r.Worker}: {r.Problem}").ToArray();
            var name = role.ToString().ToLowerInvariant();
            return problems.Length == 0
                ? $"waiting for a {name}: no live silo has the role; start one with roles: [{name}]"
                : $"waiting for a {name}: {string.Join("; ", problems)}";
        }
        return "";
    }

    /// <summary>The stage that the others wait for: the role whose devices are busiest.</summary>
    public string Bottleneck()
    {
        var shares = workers.Values.Select(w => w.Report).Where(r => r.Problem is null)
            .GroupBy(r => r.Worker.Role).Select(g => (Role: g.Key, Busy: g.Average(r => r.Load.BusyShare))).Where(g => g.Busy > 0).ToArray();
        return shares.Length == 0 ? "" : shares.MaxBy(s => s.Busy).Role.ToString().ToLowerInvariant();
    }
}
