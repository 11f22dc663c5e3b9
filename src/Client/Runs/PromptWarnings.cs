using System.Globalization;
using SpoActors.Client.Console;
using SpoActors.Specification;
using SpoActors.Specification.Prompts;
using SpoActors.Specification.Texts;

namespace SpoActors.Client.Runs;

/// <summary>Says what is likely not meant in prompts that are fine otherwise.</summary>
static class PromptWarnings
{
    const int LongestShown = 60;

    /// <summary>One line for each kind, with the first place and a count.</summary>
    public static void Tell(IReadOnlyList<string> prompts, IConsoleOutput output)
    {
        foreach (var warning in Of(prompts)) output.Warn(warning);
    }

    /// <inheritdoc cref="Tell"/>
    public static IEnumerable<string> Of(IReadOnlyList<string> prompts)
    {
        var weighted = prompts.Index().Select(p => (p.Index, Part: PromptWeights.Find(p.Item))).Where(p => p.Part is not null).ToArray();
        if (weighted.Length > 0)
            yield return string.Create(CultureInfo.InvariantCulture,
                $"{weighted.Length:N0} of {prompts.Count:N0} prompts hold weights of words, such as '{PlainText.OneLine(weighted[0].Part!, LongestShown)}' in prompt {weighted[0].Index + 1}. They are read as they stand, as by diffusers: the model sees brackets and numbers.");
    }
}
