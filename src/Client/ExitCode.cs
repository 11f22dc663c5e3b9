namespace SpoActors.Client;

/// <summary>How <c>spo</c> ended.</summary>
public enum ExitCode
{
    /// <summary>Done.</summary>
    Success = 0,

    /// <summary>Something failed that the user's input does not explain; the message says what.</summary>
    Failed = 1,

    /// <summary>A wrong command line, configuration, prompts file or checkpoint.</summary>
    InvalidInput = 2,

    /// <summary>A file, folder or run that does not exist.</summary>
    NotFound = 3,

    /// <summary>libtorch cannot be loaded, or this machine lacks the device.</summary>
    DeviceUnavailable = 4,

    /// <summary>The run's folder holds another run, is in use, or its stored state is damaged.</summary>
    RunConflict = 5,

    /// <summary>No silo of the cluster answers, or its storage does not, or has no tables or those of another release.</summary>
    ClusterUnavailable = 6,

    /// <summary>The cluster runs another release of this program.</summary>
    VersionMismatch = 7,

    /// <summary>Cancelled by Ctrl-C or SIGTERM; a run can be resumed.</summary>
    Cancelled = 130,
}
