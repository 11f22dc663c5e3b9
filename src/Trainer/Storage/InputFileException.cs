namespace SpoActors.Trainer.Storage;

/// <summary>What was given as a file is none, or none of the kind that is read: a pipe, a folder, or far too long.</summary>
/// <param name="message">Which, what was found, and what was expected.</param>
public sealed class InputFileException(string message) : IOException(message);
