namespace SpoActors.Grains.Interfaces;

/// <summary>Version of the contracts between clients, workers and grains.</summary>
public static class Protocol
{
    /// <summary>Raised when a message changes in a way that an older program would misread.</summary>
    public const int Version = 1;

    /// <summary>Refuses a program of another version.</summary>
    /// <exception cref="PipelineException">The versions differ.</exception>
    public static void Require(int version)
    {
        if (version != Version)
            throw new PipelineException(
                $"the caller speaks protocol {version}, this silo speaks protocol {Version}; use programs of the same release on both sides");
    }
}

/// <summary>A request that cannot be met; the message says what was found, what was expected and what to do.</summary>
[GenerateSerializer, Alias("spo.PipelineException")]
public sealed class PipelineException : Exception
{
    public PipelineException(string message) : base(message) { }

    public PipelineException(string message, Exception inner) : base(message, inner) { }

    public PipelineException() { }
}
