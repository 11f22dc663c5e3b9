using SpoActors.Specification;
using SpoActors.Specification.Texts;

namespace SpoActors.Trainer.Checkpoints;

/// <summary>A checkpoint cannot be used; the message names the file, what was found and what was expected.</summary>
/// <remarks>Names in files are whatever their authors wrote: the message is cut and made harmless for terminals.</remarks>
public sealed class CheckpointException : Exception
{
    const int Longest = 20_000;

    public CheckpointException(string message) : base(Shown(message)) { }

    public CheckpointException(string message, Exception inner) : base(Shown(message), inner) { }

    static string Shown(string message) => PlainText.Harmless(message.Length <= Longest ? message : $"{message[..Longest]}… ({message.Length} characters)");
}
