namespace SpoActors.Trainer.Lora;

/// <summary>An adapter does not fit the model; the message lists everything that does not.</summary>
public sealed class LoraException : Exception
{
    public LoraException(string message) : base(message) { }

    public LoraException(string message, Exception inner) : base(message, inner) { }
}
