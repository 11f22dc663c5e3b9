using System.Globalization;
using SpoActors.Grains.Health;
using SpoActors.Grains.Interfaces.Catalogue;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Runs;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Grains.Ledger;

namespace SpoActors.Grains.Runs;

/// <summary>The workers of a run as far as it has heard of them.</summary>
public sealed class WorkerTable(TimeSpan patience)
{
    /// <summary>In the order in which a run needs them: without a trainer there is nothing to sample.</summary>
    static readonly IReadOnlyList<WorkerRole> Roles = [WorkerRole.Trainer, WorkerRole.Sampler, WorkerRole.Scorer];

    /// <summary>A worker with a problem leaves and comes back; what it said counts until it is ready, or stays away for so long.</summary>
    static readonly TimeSpan Memory = TimeSpan.FromMinutes(5);

    const int MostNamed = 3;

    readonly SortedDictionary<string, (WorkerReport Report, DateTimeOffset Heard)> workers = new(StringComparer.Ordinal);
    readonly Dictionary<(WorkerId Suspect, WorkerId Accuser), DateTimeOffset> accusations = [];
    readonly SortedDictionary<string, (WorkerId Worker, string Problem, DateTimeOffset Heard)> problems = new(StringComparer.Ordinal);

    /// <summary>By role, those that can take work; made anew only when one comes, goes, or says that it can't: dispatch asks for every item.</summary>
    readonly Dictionary<WorkerRole, IReadOnlyList<WorkerId>> able = Roles.ToDictionary(r => r, _ => (IReadOnlyList<WorkerId>)[]);

    public IEnumerable<WorkerView> Views(DateTimeOffset now, WorkerHealth health) =>
        workers.Values.Select(w => new WorkerView(w.Report, now - w.Heard, health.Find(w.Report.Worker)));

    /// <summary>All that are here.</summary>
    public IEnumerable<WorkerId> Ids => workers.Values.Select(w => w.Report.Worker);

    /// <returns>The report before this one; null for a new worker.</returns>
    public WorkerReport? Hear(WorkerReport report, DateTimeOffset now)
    {
        var (before, name) = (Find(report.Worker), report.Worker.ToString());
        workers[name] = (report, now);
        if (report.Problem is { } problem) problems[name] = (report.Worker, problem, now);
        else if (report.IsReady) problems.Remove(name);
        if (before is null || IsAble(before) != IsAble(report)) Sort(report.Worker.Role);
        return before;
    }

    public bool Remove(WorkerId worker)
    {
        if (!workers.Remove(worker.ToString())) return false;
        Sort(worker.Role);
        return true;
    }

    /// <summary>Forgets what workers said that will not come back.</summary>
    public void ForgetProblems(Func<WorkerId, bool> isGone)
    {
        foreach (var gone in problems.Where(p => isGone(p.Value.Worker)).Select(p => p.Key).ToArray()) problems.Remove(gone);
    }

    public WorkerReport? Find(WorkerId worker) => workers.TryGetValue(worker.ToString(), out var known) ? known.Report : null;

    /// <summary>Workers not heard of for too long.</summary>
    public IReadOnlyList<WorkerId> Silent(DateTimeOffset now) => [.. workers.Values.Where(w => now - w.Heard > patience).Select(w => w.Report.Worker)];

    /// <summary>Workers of a role that can take work, as far as they know.</summary>
    public IReadOnlyList<WorkerId> Able(WorkerRole role) => able[role];

    IEnumerable<WorkerReport> Of(WorkerRole role) => workers.Values.Select(w => w.Report).Where(r => r.Worker.Role == role);

    /// <summary>
    /// The scorers that may have an item of a sampler now: those with the fewest items first, those that it could not reach lately last; one
    /// on probation has one at a time.
    /// </summary>
    public IReadOnlyList<WorkerId> Scorers(WorkerId sampler, RunLedger ledger, WorkerHealth health, DateTimeOffset now) =>
        [.. Able(WorkerRole.Scorer)
            .Where(s => health.Fitness(s, now) switch { WorkerFitness.Well => true, WorkerFitness.OnProbation => ledger.LeaseCountOf(s) == 0, _ => false })
            .Select(s => (Scorer: s, IsAccused: AccusersOf(s, now).Contains(sampler), Items: ledger.LeaseCountOf(s), Find(s)!.Load.QueueDepth))
            .OrderBy(s => s.IsAccused).ThenBy(s => s.Items).ThenBy(s => s.QueueDepth).Select(s => s.Scorer)];

    /// <summary>
    /// One worker could not reach another, which says as much of the one as of the other: it gets other partners, and what the other does
    /// for the rest goes on.
    /// </summary>
    /// <returns>Whether more than one says so, which makes it the other's fault.</returns>
    public bool Accuse(WorkerId suspect, WorkerId accuser, DateTimeOffset now)
    {
        foreach (var old in accusations.Where(a => now - a.Value > patience).Select(a => a.Key).ToArray()) accusations.Remove(old);
        accusations[(suspect, accuser)] = now;
        return AccusersOf(suspect, now).Skip(1).Any();
    }

    IEnumerable<WorkerId> AccusersOf(WorkerId suspect, DateTimeOffset now) =>
        accusations.Where(a => a.Key.Suspect == suspect && now - a.Value <= patience).Select(a => a.Key.Accuser);

    /// <summary>Why nothing moves, or an empty text.</summary>
    /// <param name="cluster">What other workers do; null while that is not known.</param>
    public string Obstacle(DeviceTable? cluster, WorkerHealth health, DateTimeOffset now) =>
        Roles.Where(role => Able(role).All(w => health.Find(w) is not null)).Select(role => $"waiting for a {Name(role)}{Why(role, cluster, health, now)}").FirstOrDefault("");

    string Why(WorkerRole role, DeviceTable? cluster, WorkerHealth health, DateTimeOffset now)
    {
        if (Named(Able(role).Select(w => (Worker: w, Quarantine: health.Find(w))).Where(w => w.Quarantine is not null).Select(w => $"{w.Worker}: {w.Quarantine!.Reason}"), "; ") is { } sick) return $": {sick}";
        if (Named(problems.Where(p => p.Value.Worker.Role == role && now - p.Value.Heard <= Memory).Select(p => $"{p.Key}: {p.Value.Problem}"), "; ") is { } said) return $": {said}";
        if (Named(Of(role).Where(r => !r.IsReady).Select(r => r.Worker.ToString()), ", ") is { } loading) return $": {loading} loads what it needs";
        if (Named(Of(role).Where(r => r.Draining).Select(r => r.Worker.ToString()), ", ") is { } draining) return $": {draining} stops";
        if (cluster is null) return "";
        var busy = cluster.Busy.Where(b => b.Worker.Role == role).GroupBy(b => b.Run, b => b.Worker.GrainKey).Select(b => $"{Named(b, ", ")} with run '{b.Key}'").ToArray();
        if (busy.Length > 0) return $": all are busy: {string.Join(", ", busy)}";
        return cluster.Free.Any(w => w.Role == role) ? ": one is free and about to join" : $": no live silo has the role; start one with roles: [{Name(role)}]";
    }

    static string Name(WorkerRole role) => role.ToString().ToLowerInvariant();

    /// <summary>The first few; null for none.</summary>
    static string? Named(IEnumerable<string> texts, string separator)
    {
        var all = texts.ToArray();
        return all.Length == 0 ? null
            : string.Join(separator, all.Take(MostNamed)) + (all.Length > MostNamed ? string.Create(CultureInfo.InvariantCulture, $" and {all.Length - MostNamed} more") : "");
    }

    /// <summary>The stage that the others wait for: the role whose devices are busiest.</summary>
    public string Bottleneck()
    {
        var shares = workers.Values.Select(w => w.Report).Where(r => r.Problem is null)
            .GroupBy(r => r.Worker.Role).Select(g => (Role: g.Key, Busy: g.Average(r => r.Load.BusyShare))).Where(g => g.Busy > 0).ToArray();
        return shares.Length == 0 ? "" : shares.MaxBy(s => s.Busy).Role.ToString().ToLowerInvariant();
    }

    static bool IsAble(WorkerReport report) => report.IsReady && !report.Draining && report.Problem is null;

    void Sort(WorkerRole role) => able[role] = [.. workers.Values.Select(w => w.Report).Where(r => r.Worker.Role == role && IsAble(r)).Select(r => r.Worker)];
}
