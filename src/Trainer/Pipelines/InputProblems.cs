using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Tokenization;

namespace SpoActors.Trainer.Pipelines;

/// <summary>Collects what is wrong with the files that a configuration names.</summary>
static class InputProblems
{
    /// <summary>What <paramref name="open"/> returns, or null and a problem more.</summary>
    /// <param name="problems">The problem goes here, unless it is there already.</param>
    /// <param name="key">The configuration's key that names the file.</param>
    /// <param name="expected">What should be there.</param>
    /// <param name="open">Opens and checks it.</param>
    public static T? Try<T>(this List<Problem> problems, string key, string expected, Func<T> open) where T : class
    {
        try
        {
            return open();
        }
        catch (Exception e) when (e is CheckpointException or LoraException or TokenizerException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            var found = e.Message.TrimEnd('.');
            if (!problems.Exists(p => p.Key == key && p.Found == found)) problems.Add(new Problem(key, found, expected, "Complete or correct it."));
            return null;
        }
    }
}
