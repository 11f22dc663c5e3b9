namespace SpoActors.Grains.Hosting;

/// <summary>The cluster and this silo contradict each other: a name that is taken, clocks that differ.</summary>
public sealed class ClusterConflictException : Exception
{
    public ClusterConflictException(string message) : base(message) { }

    public ClusterConflictException(string message, Exception inner) : base(message, inner) { }

    public ClusterConflictException() { }
}
