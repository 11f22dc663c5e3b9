namespace SpoActors.Trainer.Storage;

/// <summary>
/// A run cannot go on: its numbers are no longer finite, and doing the same again would give the same. Its folder keeps the last commit,
/// from which another run may branch off.
/// </summary>
/// <param name="message">Where it happened, what was found, and the way on, in one line.</param>
/// <param name="inner">What found it, where something did.</param>
public abstract class DivergedException(string message, Exception? inner = null) : Exception(message, inner);
