namespace SpoActors.Trainer.Storage;

/// <summary>A run's stored state cannot be used.</summary>
public sealed class RunStateException : Exception
{
    public RunStateException(string message) : base(message) { }

    public RunStateException(string message, Exception inner) : base(message, inner) { }
}
