namespace SpoActors.Silo;

/// <summary>How a silo's process ended; the numbers agree with those of <c>spo</c>.</summary>
enum ExitCode
{
    /// <summary>It was asked to stop, finished what it had begun, and left the cluster.</summary>
    Success = 0,

    /// <summary>Something failed that the settings do not explain.</summary>
    Failed = 1,

    /// <summary>A wrong command line or wrong settings, ports in use among them; the message lists them all.</summary>
    InvalidInput = 2,

    /// <summary>A device belongs to another silo of this machine, or is not there.</summary>
    DeviceUnavailable = 4,

    /// <summary>A living silo of the cluster has this one's name, or the clocks differ too much.</summary>
    Conflict = 5,

    /// <summary>The cluster's storage did not answer in time, refuses the connection, or has no tables or those of another release.</summary>
    StorageUnavailable = 6,

    /// <summary>Stopped before it had started.</summary>
    Cancelled = 130,
}
