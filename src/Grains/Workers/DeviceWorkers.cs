using System.Collections.Concurrent;
using SpoActors.Grains.Interfaces.Identity;

namespace SpoActors.Grains.Workers;

/// <summary>The sessions that the devices of this silo have now; where the thin grains find what they front.</summary>
public sealed class DeviceWorkers
{
    readonly ConcurrentDictionary<(WorkerRole Role, string GrainKey), WorkerSession> sessions = new();

    /// <summary>The session of a role of a device; null while it serves no run.</summary>
    public T? Session<T>(WorkerRole role, string grainKey) where T : WorkerSession => sessions.GetValueOrDefault((role, grainKey)) as T;

    /// <summary>All sessions there are.</summary>
    internal IReadOnlyCollection<WorkerSession> All => [.. sessions.Values];

    internal void Begin(WorkerSession session) => sessions[(session.Id.Role, session.Id.GrainKey)] = session;

    internal void End(WorkerSession session) => sessions.TryRemove(new((session.Id.Role, session.Id.GrainKey), session));
}
