namespace SpoActors.Trainer.Models.Clip;

/// <summary>A CLIP <c>config.json</c> asks for something impossible or unknown; the message names the file, the value and what is expected.</summary>
public sealed class ClipConfigException : Exception
{
    public ClipConfigException(string message) : base(message) { }

    public ClipConfigException(string message, Exception inner) : base(message, inner) { }
}
