namespace SpoActors.Trainer.Judges;

/// <summary>A judge that cannot be used, or whose answer cannot; the message says what to do.</summary>
public sealed class JudgeException(string message, Exception? inner = null) : Exception(message, inner);
