using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Workers;

namespace SpoActors.Grains.Health;

/// <summary>
/// Tells a sick worker from a bad item, by what a run sees: a worker whose executions fail one after the other is kept from work for a
/// while, and then has to show on an item that it is well. A pure state machine, a circuit breaker for each worker.
/// <code>
/// well ──fails──► resting (a moment) ──► well ──fails on several items in a row──► quarantined ──► on probation ──succeeds──► well
///                                                                                      ▲───────────────┘ fails: twice as long
/// </code>
/// </summary>
/// <remarks>
/// Failures of one item alone, however many, never quarantine a worker: they are the item's until others show the contrary.
/// </remarks>
public sealed class WorkerHealth(HealthOptions options)
{
    readonly Dictionary<WorkerId, Record> sick = [];

    /// <summary>Whether a worker may have work now.</summary>
    public WorkerFitness Fitness(WorkerId worker, DateTimeOffset now) =>
        !sick.TryGetValue(worker, out var record) ? WorkerFitness.Well
        : now < record.Until ? WorkerFitness.Resting
        : record.Quarantines > 0 ? WorkerFitness.OnProbation
        : WorkerFitness.Well;

    /// <summary>Why and until when a worker is quarantined; null while it isn't.</summary>
    public Quarantine? Find(WorkerId worker) =>
        sick.TryGetValue(worker, out var record) && record.Quarantines > 0 ? new Quarantine(record.Error, record.Until) : null;

    /// <summary>Whether a worker has been quarantined so often in a row that waiting for it is no use.</summary>
    public bool IsHopeless(WorkerId worker) => sick.TryGetValue(worker, out var record) && record.Quarantines >= options.GiveUp;

    /// <summary>An execution succeeded.</summary>
    /// <returns>Whether the worker was quarantined until now.</returns>
    public bool Succeeded(WorkerId worker) => sick.Remove(worker, out var record) && record.Quarantines > 0;

    /// <summary>An execution failed.</summary>
    /// <param name="worker">By this worker.</param>
    /// <param name="item">The item, whose fault it may be; null where the device said that it is its own.</param>
    /// <param name="error">What happened.</param>
    /// <param name="now">When.</param>
    /// <returns>Whether the worker is quarantined by it.</returns>
    public bool Failed(WorkerId worker, ItemId? item, string error, DateTimeOffset now)
    {
        var record = sick.GetValueOrDefault(worker) ?? new Record([], 0, 0, error, now);
        var isNews = item is null || !record.Items.Contains(item.Value);
        var strikes = isNews ? record.Strikes + 1 : record.Strikes;
        record = record with { Items = item is { } one && isNews ? [.. record.Items, one] : record.Items, Strikes = strikes, Error = error };
        var isQuarantined = record.Quarantines > 0 || strikes >= options.Strikes;
        sick[worker] = isQuarantined ? Quarantined(record, now) : record with { Until = now + Doubled(options.Rest, strikes - 1) };
        return isQuarantined;
    }

    /// <summary>An execution does not end: the worker is quarantined by that alone.</summary>
    /// <inheritdoc cref="Failed"/>
    public void Hung(WorkerId worker, string error, DateTimeOffset now) =>
        sick[worker] = Quarantined((sick.GetValueOrDefault(worker) ?? new Record([], 0, 0, error, now)) with { Error = error }, now);

    /// <summary>Nothing is held against a worker any more: it is another process, or somebody has looked after it.</summary>
    public void Forget(WorkerId worker) => sick.Remove(worker);

    /// <summary>Nothing is held against anybody any more.</summary>
    public void Clear() => sick.Clear();

    Record Quarantined(Record record, DateTimeOffset now) =>
        record with { Quarantines = record.Quarantines + 1, Until = now + Doubled(options.Quarantine, record.Quarantines) };

    TimeSpan Doubled(TimeSpan first, int times) => TimeSpan.FromTicks(Math.Min(options.Longest.Ticks, first.Ticks << Math.Clamp(times, 0, 20)));

    sealed record Record(IReadOnlyList<ItemId> Items, int Strikes, int Quarantines, string Error, DateTimeOffset Until);
}

public enum WorkerFitness
{
    /// <summary>Gets work.</summary>
    Well,

    /// <summary>Gets none now.</summary>
    Resting,

    /// <summary>Gets one item at a time, to show that it is well.</summary>
    OnProbation,
}
