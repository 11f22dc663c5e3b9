using System.Globalization;
using System.Text.RegularExpressions;
using SpoActors.Specification.Texts;

namespace SpoActors.Specification;

/// <summary>The name of a run or training, which becomes a folder's and a key of the cluster's storage.</summary>
public static partial class RunName
{
    /// <summary>255 bytes are what file systems allow, and files beside the folder take their names from it.</summary>
    public const int Longest = 200;

    internal const string Spelling = "letters, digits, '-', '_' and '.'";

    /// <summary>What is wrong with a name, as the end of a sentence; null for a good one.</summary>
    public static string? Fault(string name) =>
        name.Length == 0 ? "empty; `spo list` shows the runs."
        : !IsSpelled(name) ? $"'{PlainText.OneLine(name, 80)}'; expected {Spelling}."
        : name.Length > Longest ? string.Create(CultureInfo.InvariantCulture, $"{name.Length} characters long; expected at most {Longest}.")
        : null;

    internal static bool IsSpelled(string name) => Pattern().IsMatch(name);

    [GeneratedRegex(@"^[A-Za-z0-9][A-Za-z0-9._-]*\z")]
    private static partial Regex Pattern();
}
