using System.Buffers;
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
            if (Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var consumed) != OperationStatus.Done)
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
        var before = text.AsSpan(0, at);
        while (Rune.DecodeLastFromUtf16(before, out var rune, out var length) == OperationStatus.Done && IsIgnorable(rune)) before = before[..^length];
        var after = text.AsSpan(at + 1);
        while (Rune.DecodeFromUtf16(after, out var rune, out var length) == OperationStatus.Done && IsIgnorable(rune)) after = after[length..];
        return Rune.DecodeLastFromUtf16(before, out var left, out _) == OperationStatus.Done && IsCased(left)
            && !(Rune.DecodeFromUtf16(after, out var right, out _) == OperationStatus.Done && IsCased(right));
    }

    static bool IsCased(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    static bool IsIgnorable(Rune rune) => rune.Value is '\'' or '.' or ':' or '·' or '’' || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark
        or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;
}
