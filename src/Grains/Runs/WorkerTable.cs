using SpoActors.Grains.Health;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Grains.Ledger;

namespace SpoActors.Grains.Runs;

/// <summary>The workers of a run as far as it has heard of them.</summary>
public sealed class WorkerTable(TimeSpan patience)
{
    static readonly IReadOnlyList<WorkerRole> Roles = Enum.GetValues<WorkerRole>();

    readonly SortedDictionary<string, (WorkerReport Report, DateTimeOffset Heard)> workers = new(StringComparer.Ordinal);

    /// <summary>By role, those that can take work; made anew only when one comes, goes, or says that it can't: dispatch asks for every item.</summary>
    readonly Dictionary<WorkerRole, IReadOnlyList<WorkerId>> able = Roles.ToDictionary(r => r, _ => (IReadOnlyList<WorkerId>)[]);

    public IEnumerable<WorkerView> Views(DateTimeOffset now, WorkerHealth health) =>
        workers.Values.Select(w => new WorkerView(w.Report, now - w.Heard, health.Find(w.Report.Worker)));

    /// <summary>All workers there are.</summary>
    public IEnumerable<WorkerId> All => workers.Values.Select(w => w.Report.Worker);

    /// <returns>The report before this one; null for a new worker.</returns>
    public WorkerReport? Hear(WorkerReport report, DateTimeOffset now)
    {
        var before = Find(report.Worker);
        workers[report.Worker.ToString()] = (report, now);
        if (before is null || IsAble(before) != IsAble(report)) Sort(report.Worker.Role);
        return before;
    }

    public bool Remove(WorkerId worker)
    {
        if (!workers.Remove(worker.ToString())) return false;
        Sort(worker.Role);
        return true;
    }

    public WorkerReport? Find(WorkerId worker) => workers.TryGetValue(worker.ToString(), out var known) ? known.Report : null;

    /// <summary>Workers not heard of for too long.</summary>
    public IReadOnlyList<WorkerId> Silent(DateTimeOffset now) => [.. workers.Values.Where(w => now - w.Heard > patience).Select(w => w.Report.Worker)];

    /// <summary>Workers of a role that can take work, as far as they know.</summary>
    public IReadOnlyList<WorkerId> Able(WorkerRole role) => able[role];

    /// <summary>The scorers that may have an item now, those with the fewest items first; one on probation has one at a time.</summary>
    public IReadOnlyList<WorkerId> Scorers(RunLedger ledger, WorkerHealth health, DateTimeOffset now) =>
        [.. Able(WorkerRole.Scorer)
            .Where(s => health.Fitness(s, now) switch { WorkerFitness.Well => true, WorkerFitness.OnProbation => ledger.LeaseCountOf(s) == 0, _ => false })
            .Select(s => (Scorer: s, Items: ledger.LeaseCountOf(s), Find(s)!.Load.QueueDepth)).OrderBy(s => s.Items).ThenBy(s => s.QueueDepth).Select(s => s.Scorer)];

    /// <summary>Why nothing moves, or an empty text.</summary>
    public string Obstacle(WorkerHealth health)
    {
        foreach (var role in Roles)
        {
            if (Able(role).Any(w => health.Find(w) is null)) continue;
            var problems = workers.Values.Select(w => w.Report).Where(r => r.Worker.Role == role)
                .Select(r => (r.Worker, Problem: r.Problem ?? health.Find(r.Worker)?.Reason)).Where(w => w.Problem is not null).Select(w => $"{w.Worker}: {w.Problem}").ToArray();
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

    static bool IsAble(WorkerReport report) => !report.Draining && report.Problem is null;

    void Sort(WorkerRole role) => able[role] = [.. workers.Values.Select(w => w.Report).Where(r => r.Worker.Role == role && IsAble(r)).Select(r => r.Worker)];
}
