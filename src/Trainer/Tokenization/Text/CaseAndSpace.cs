using System.Globalization;
using System.Text;

namespace SpoActors.Trainer.Tokenization.Text;

/// <summary>Lower-casing and white space as the original tokenizers' languages define them.</summary>
static class CaseAndSpace
{
    /// <summary>Lower case with the full mapping of İ; a final sigma becomes ς only where <paramref name="finalSigma"/> is wanted.</summary>
    public static string Lower(string text, bool finalSigma)
    {
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length;)
        {
            if (Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var consumed) != System.Buffers.OperationStatus.Done)
            {
                result.Append(text[i++]);
                continue;
            }
            if (rune.Value == 'İ') result.Append("i\u0307");
            else if (rune.Value == 'Σ' && finalSigma && IsFinal(text, i)) result.Append('ς');
            else result.Append(Rune.ToLowerInvariant(rune).ToString());
            i += consumed;
        }
        return result.ToString();
    }

    /// <summary>Runs of white space become one space; none is left at the ends.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="separatorsToo">Whether U+001C..U+001F count, as they do for Python's str.</param>
    public static string CollapseWhitespace(string text, bool separatorsToo)
    {
        var result = new StringBuilder(text.Length);
        var pending = false;
        foreach (var c in text)
        {
            if (char.IsWhiteSpace(c) || (separatorsToo && c is >= '\u001c' and <= '\u001f'))
            {
                pending = result.Length > 0;
                continue;
            }
            if (pending) result.Append(' ');
            pending = false;
            result.Append(c);
        }
        return result.ToString();
    }

    // Final_Sigma of the Unicode Standard, section 3.13: a cased letter before it and none after it, ignoring marks between.
    static bool IsFinal(string text, int at)
    {
        var before = at - 1;
        while (before >= 0 && IsIgnorable(text[before])) before--;
        if (before < 0 || !IsCased(text[before])) return false;
        var after = at + 1;
        while (after < text.Length && IsIgnorable(text[after])) after++;
        return after == text.Length || !IsCased(text[after]);
    }

    static bool IsCased(char c) => char.GetUnicodeCategory(c) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    static bool IsIgnorable(char c) => c is '\'' or '.' or ':' or '·' or '’' || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark
        or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;
}
