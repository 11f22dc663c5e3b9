using System.Text;
using System.Text.RegularExpressions;

namespace SpoActors.Trainer.Tokenization.Text;

/// <summary>
/// Cleans a prompt as ftfy's <c>fix_text</c> with its defaults does: HTML references (until a '&lt;' is seen), mojibake of Latin-1 and
/// Windows-1252, C1 controls, Latin ligatures, character width, curly quotes, line breaks, lone surrogates, terminal escapes,
/// control characters, form C; repeated until nothing changes. Mojibake of other encodings and lossy mojibake is not repaired
/// (docs/decisions.md, section Tokenizer).
/// </summary>
public static partial class TextFixer
{
    // Nested references ("&amp;amp;…") unwrap one level a pass; real text settles in two or three.
    const int MaxPasses = 50;

    const string LigatureCharacters = "ĲĳŉǱǲǳǄǅǆǇǈǉǊǋǌﬀﬁﬂﬃﬄﬅﬆ";

    static readonly string[] LigatureLetters =
        ["IJ", "ij", "'n", "DZ", "Dz", "dz", "DŽ", "Dž", "dž", "LJ", "Lj", "lj", "NJ", "Nj", "nj", "ff", "fi", "fl", "ffi", "ffl", "ſt", "st"];

    public static string Fix(string text)
    {
        if (IsPlain(text)) return text;
        var result = new StringBuilder(text.Length);
        var unescape = true;
        for (var start = 0; start < text.Length;)
        {
            var end = text.IndexOf('\n', start);
            end = end < 0 ? text.Length : end + 1;
            var line = text[start..end];
            unescape &= !line.Contains('<', StringComparison.Ordinal);
            result.Append(FixLine(line, unescape));
            start = end;
        }
        return result.ToString();
    }

    // Printable ASCII without references is what nearly all prompts are.
    static bool IsPlain(string text) => !text.AsSpan().ContainsAnyExceptInRange(' ', '~') && !text.Contains('&', StringComparison.Ordinal);

    static string FixLine(string line, bool unescape)
    {
        for (var pass = 0; pass < MaxPasses; pass++)
        {
            var before = line;
            if (unescape) line = HtmlEntities.UnescapeComplete(line);
            line = RepairAll(line);
            line = Characters(line);
            line = TerminalEscape().Replace(line, "");
            line = RemoveControls(line);
            line = CanonicalComposition.Normalize(line);
            if (line == before) break;
        }
        return line;
    }

    static string RepairAll(string line)
    {
        // Text can be damaged more than once; every repair makes it shorter.
        while (true)
        {
            var repaired = MojibakeRepair.Repair(line);
            if (repaired.Length == line.Length) return line;
            line = repaired;
        }
    }

    static string Characters(string line)
    {
        var result = new StringBuilder(line.Length);
        for (var i = 0; i < line.Length; i++)
        {
            var c = line[i] is >= '\u0080' and <= '\u009f' ? Windows1252.ToChar((byte)line[i]) : line[i];
            switch (c)
            {
                case '\r' when i + 1 < line.Length && line[i + 1] == '\n': break;
                case '\r' or '\u2028' or '\u2029' or '\u0085': result.Append('\n'); break;
                case 'ʼ' or (>= '‘' and <= '‛'): result.Append('\''); break;
                case >= '“' and <= '‟': result.Append('"'); break;
                case >= '\ud800' and <= '\udbff' when i + 1 < line.Length && char.IsLowSurrogate(line[i + 1]): result.Append(c).Append(line[++i]); break;
                case >= '\ud800' and <= '\udfff': result.Append('\ufffd'); break;
                default:
                    if (LigatureCharacters.IndexOf(c, StringComparison.Ordinal) is >= 0 and var ligature) result.Append(LigatureLetters[ligature]);
                    else if (c >= '\u3000' && UnicodeTables.WidthFolding.TryGetValue(c, out var folded)) result.Append(folded);
                    else result.Append(c);
                    break;
            }
        }
        return result.ToString();
    }

    static string RemoveControls(string line)
    {
        if (!line.Any(IsUnwanted)) return line;
        return string.Concat(line.Where(c => !IsUnwanted(c)));
    }

    static bool IsUnwanted(char c) => c is <= '\u0008' or '\u000b' or (>= '\u000e' and <= '\u001f') or '\u007f'
        or (>= '\u206a' and <= '\u206f') or '\ufeff' or (>= '\ufff9' and <= '\ufffc');

    [GeneratedRegex("\u001b\\[[0-9;]*[a-zA-Z]")]
    private static partial Regex TerminalEscape();
}
