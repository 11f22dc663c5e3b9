using System.Globalization;
using System.Text;

namespace SpoActors.Specification;

/// <summary>Texts that others wrote, made fit to be shown: a terminal obeys control characters, and a message of a megabyte hides the others.</summary>
public static class PlainText
{
    /// <summary>A value inside a message: longer ones are cut.</summary>
    const int LongestValue = 400;

    /// <summary>The text with control characters, and those that turn the direction of writing, as <c>\u001b</c>; line ends and tabs stay.</summary>
    public static string Harmless(string text)
    {
        if (!text.Any(IsHarmful)) return text;
        var shown = new StringBuilder(text.Length + 16);
        for (var i = 0; i < text.Length; i++)
        {
            if (IsHarmful(text[i]) && !IsPair(text, i)) shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[i]:x4}");
            else shown.Append(text[i]);
        }
        return shown.ToString();
    }

    /// <summary>The same on one line, cut where it is too long.</summary>
    public static string OneLine(string text, int most = LongestValue)
    {
        var cut = text.Length <= most ? text : string.Create(CultureInfo.InvariantCulture, $"{text[..most]}… ({text.Length:N0} characters)");
        return Harmless(cut.ReplaceLineEndings(" "));
    }

    /// <summary>Place of the first half of a surrogate pair without its other half; -1 where there is none.</summary>
    public static int LoneSurrogate(string text)
    {
        for (var i = text.AsSpan().IndexOfAnyInRange('\uD800', '\uDFFF'); i >= 0 && i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return i;
            i++;
        }
        return -1;
    }

    static bool IsPair(string text, int i) => char.IsSurrogate(text[i])
        && ((i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1])) || (i > 0 && char.IsSurrogatePair(text[i - 1], text[i])));

    static bool IsHarmful(char c) => (char.IsControl(c) && c is not ('\n' or '\t')) || c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') || char.IsSurrogate(c);
}
