using System.CommandLine;

namespace SpoActors.Client.Commands;

/// <summary>A command line as it can be pasted into a shell.</summary>
static class CommandText
{
    /// <summary>The command that was given, with an option more unless it was there.</summary>
    public static string With(ParseResult parsed, string option)
    {
        var words = parsed.Tokens.Select(t => t.Value).ToList();
        if (!words.Contains(option)) words.Add(option);
        return "spo " + string.Join(' ', words.Select(Quote));
    }

    /// <summary>Single quotes around whatever a shell might read otherwise.</summary>
    internal static string Quote(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:=,@%+".Contains(c, StringComparison.Ordinal)) ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
