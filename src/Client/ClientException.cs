namespace SpoActors.Client;

/// <summary>A command cannot go on; carries its exit code.</summary>
public sealed class ClientException(ExitCode code, string message) : Exception(message)
{
    public ExitCode Code { get; } = code;
}
