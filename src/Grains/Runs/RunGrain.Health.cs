using SpoActors.Grains.Health;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Ledger;

namespace SpoActors.Grains.Runs;

public sealed partial class RunGrain
{
    /// <summary>A worker hangs when an item takes it so many times as long as the slowest that was done. Slow devices are slow, not sick.</summary>
    const int HangFactor = 20;

    /// <summary>Nor does a worker hang that was merely busy for a while: its items are short, its lease is not.</summary>
    const int HangLeases = 5;

    readonly Dictionary<WorkerId, LeaseId> probes = [];
    TimeSpan slowestItem;

    public Task<Acknowledged> ProbedAsync(ItemProbed request, CancellationToken cancellation)
    {
        if (IsProbe(request.Lease, request.Worker) && probes.Remove(request.Worker)) Recover(request.Worker);
        return Task.FromResult(new Acknowledged());
    }

    bool IsProbe(LeaseId lease, WorkerId worker) => probes.TryGetValue(worker, out var probe) && probe == lease;

    /// <summary>Those of a role that can take work and are not quarantined: nobody waits for the others.</summary>
    IEnumerable<WorkerId> Fit(WorkerRole role) => workers.Able(role).Where(w => health.Find(w) is null);

    /// <summary>An item came to its end: whoever had it is well.</summary>
    void Succeed(ItemState.Leased lease)
    {
        if (Now - lease.Since is var time && time > slowestItem) slowestItem = time;
        Recover(lease.Owner);
        Recover(lease.Scorer);
    }

    void Recover(WorkerId worker)
    {
        if (!health.Succeeded(worker)) return;
        events.Add("worker", $"{worker} is well again");
        instruments.OnQuarantine(Id, worker, isQuarantined: false);
        Pulse();
    }

    /// <summary>An execution failed on a worker.</summary>
    /// <param name="item">Whose fault it may be; null where it is certainly the worker's.</param>
    void Strike(WorkerId worker, ItemId? item, string error)
    {
        if (health.Failed(worker, item, error, Now)) Quarantine(worker, error);
    }

    void Quarantine(WorkerId worker, string error)
    {
        events.Add("worker", $"{worker} is quarantined until {health.Find(worker)!.Until:yyyy-MM-dd HH:mm:ss}Z: {error}");
        LogQuarantined(Id, worker, error);
        instruments.OnQuarantine(Id, worker, isQuarantined: true);
        foreach (var lease in ledger?.LeasesOf(worker) ?? []) ledger!.Return(lease);
        if (workers.Able(worker.Role) is { Count: > 0 } peers && peers.All(health.IsHopeless))
            Pause($"every {worker.Role.ToString().ToLowerInvariant()} keeps failing; the last error: {error}. Mend the cause, then `spo resume {Id}`");
        Pulse();
    }

    /// <summary>Heartbeats alone do not show that a device still works: a call into a driver may never return.</summary>
    void AccuseTheHung(RunLedger of)
    {
        if (slowestItem == default) return;
        var limit = HangFactor * slowestItem;
        if (HangLeases * plan!.Options.LeaseDuration is var least && limit < least) limit = least;
        foreach (var lease in of.OlderThan(Now - limit))
        {
            if (of[lease.Item] is not ItemState.Leased held) continue;
            var worker = workers.Find(held.Owner)?.Held.Contains(lease) == true ? held.Owner : held.Scorer;
            var error = $"{lease.Item} has no result after {(Now - held.Since).TotalSeconds:F0} s; the slowest took {slowestItem.TotalSeconds:F1} s";
            of.Return(lease);
            health.Hung(worker, error, Now);
            Quarantine(worker, error);
        }
    }

    /// <summary>It is another process, or somebody has looked after it.</summary>
    void Forgive(WorkerId worker)
    {
        health.Forget(worker);
        instruments.OnQuarantine(Id, worker, isQuarantined: false);
    }

    /// <summary>A person has looked after them.</summary>
    void ForgiveAll()
    {
        foreach (var worker in workers.Ids) Forgive(worker);
        health.Clear();
        probes.Clear();
    }
}
