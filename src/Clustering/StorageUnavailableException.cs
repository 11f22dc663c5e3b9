namespace SpoActors.Clustering;

/// <summary>The cluster's storage is away, or cannot be used as it is; the message is one line that says what to do.</summary>
public sealed class StorageUnavailableException : Exception
{
    public StorageUnavailableException(string message) : base(message) { }

    public StorageUnavailableException(string message, Exception inner) : base(message, inner) { }

    public StorageUnavailableException() { }
}
