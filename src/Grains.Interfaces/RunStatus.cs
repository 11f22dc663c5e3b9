namespace SpoActors.Grains.Interfaces;

/// <summary>Where a run stands. All but Running and Finished can be resumed.</summary>
public enum RunStatus
{
    Running,

    /// <summary>By request, or because it cannot go on; the snapshot's reason says which.</summary>
    Paused,

    Cancelled,
    Finished,
}
