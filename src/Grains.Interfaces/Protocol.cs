namespace SpoActors.Grains.Interfaces;

/// <summary>Version of the contracts between clients, workers and grains.</summary>
public static class Protocol
{
    /// <summary>Raised when a message changes in a way that an older program would misread.</summary>
    public const int Version = 3;

    /// <summary>Refuses a program of another version.</summary>
    /// <exception cref="PipelineException">The versions differ.</exception>
    public static void Require(int version)
    {
        if (version != Version)
            throw new PipelineException(
                $"the caller speaks protocol {version}, this silo speaks protocol {Version}; use programs of the same release on both sides",
                PipelineFault.WrongVersion);
    }
}

/// <summary>Why a request cannot be met.</summary>
public enum PipelineFault
{
    /// <summary>Something about it is wrong; the message says what.</summary>
    Refused,

    /// <summary>There is no run of that id.</summary>
    NoSuchRun,

    /// <summary>The run is another one, or in a state that does not allow it.</summary>
    Conflict,

    /// <summary>The caller is a program of another release.</summary>
    WrongVersion,
}

/// <summary>A request that cannot be met; the message says what was found, what was expected and what to do.</summary>
[GenerateSerializer, Alias("spo.PipelineException")]
public sealed class PipelineException : Exception
{
    public PipelineException(string message, PipelineFault fault = PipelineFault.Refused) : base(message) => Fault = fault;

    public PipelineException(string message, Exception inner) : base(message, inner) { }

    public PipelineException() { }

    [Id(0)]
    public PipelineFault Fault { get; private set; }
}
