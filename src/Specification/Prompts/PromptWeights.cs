using System.Text.RegularExpressions;

namespace SpoActors.Specification.Prompts;

/// <summary>
/// Finds what other programs take for the weight of a word: <c>(word:1.3)</c> and <c>((word))</c> of web interfaces, <c>word++</c> and
/// <c>(a word)1.3</c> of compel. Here, as in diffusers, these are characters like others.
/// </summary>
public static partial class PromptWeights
{
    /// <summary>The first such part of a text, or null.</summary>
    public static string? Find(string prompt) => Weight().Match(prompt) is { Success: true } match ? match.Value : null;

    [GeneratedRegex(@"\([^()\n]{1,200}:\s*-?[0-9]*\.?[0-9]+\s*\)|\(\([^()\n]{1,200}\)\)|\[\[[^\[\]\n]{1,200}\]\]|\([^()\n]{1,200}\)(?:[0-9]*\.[0-9]+|\+{1,8}|-{2,8})|\b\w{2,50}\+{2,8}(?=[\s,.;]|\z)")]
    private static partial Regex Weight();
}
