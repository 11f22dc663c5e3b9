using SpoActors.Grains.Interfaces.Identity;

namespace SpoActors.Grains.Workers;

/// <summary>What a silo's devices do.</summary>
public sealed record WorkerOptions
{
    /// <summary>Name of the silo, unique in the cluster.</summary>
    public required string Silo { get; init; }

    /// <summary>Devices, each with what it does.</summary>
    public required IReadOnlyList<DeviceRoles> Devices { get; init; }

    /// <summary>Folder that holds the runs' folders; null takes the one that each run names.</summary>
    public string? RunsFolder { get; init; }

    /// <summary>
    /// Whether trainers hold the folders of their runs against processes that are none of the cluster's; false where the process that hosts
    /// the silo holds the folder already.
    /// </summary>
    public bool HoldsRunFolders { get; init; } = true;

    /// <summary>Longest time between two heartbeats; a quarter of a lease if that is shorter.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Time a worker with a problem (a model that is missing, say) waits before it tries again.</summary>
    public TimeSpan RetryAfterProblem { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>What a device does.</summary>
/// <param name="Device">cpu:0, cuda:1.</param>
/// <param name="Roles">Its roles; with several it does their work in turn.</param>
public sealed record DeviceRoles(string Device, IReadOnlyList<WorkerRole> Roles);
