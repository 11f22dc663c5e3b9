using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace SpoActors.Trainer.Tokenization.Text;

/// <summary>HTML character references, all names of HTML 5.</summary>
static partial class HtmlEntities
{
    static readonly Dictionary<string, string> Names = EmbeddedText.Lines("html-entities").Select(l => l.Split(' ', 2))
        .ToDictionary(p => p[0], p => string.Concat(UnicodeTables.CodePoints(p[1]).Select(c => new Rune(c).ToString())), StringComparer.Ordinal);

    /// <summary>Only complete references (with the semicolon), and names that somebody upper-cased (&amp;EACUTE;).</summary>
    public static string UnescapeComplete(string text) => text.Contains('&', StringComparison.Ordinal)
        ? Complete().Replace(text, m => m.Value[1] == '#' ? Number(m.Groups[1].Value[1..^1]) ?? m.Value : Named(m.Groups[1].Value) ?? m.Value)
        : text;

    /// <summary>As a browser does it: the semicolon may be missing, and a legacy name may be followed by more letters.</summary>
    public static string UnescapeLenient(string text) => text.Contains('&', StringComparison.Ordinal)
        ? Lenient().Replace(text, m => m.Value[1] == '#' ? Number(m.Groups[1].Value[1..].TrimEnd(';')) ?? "" : LongestPrefix(m.Groups[1].Value))
        : text;

    static string? Named(string nameWithSemicolon)
    {
        if (Names.TryGetValue(nameWithSemicolon, out var exact)) return exact;
        return !nameWithSemicolon.Any(char.IsAsciiLetterLower) && Names.TryGetValue(nameWithSemicolon.ToLowerInvariant(), out var small)
            ? string.Concat(small.EnumerateRunes().Select(r => Rune.ToUpperInvariant(r).ToString()))
            : null;
    }

    static string LongestPrefix(string name)
    {
        for (var length = name.Length; length > 1; length--)
            if (Names.TryGetValue(name[..length], out var text)) return text + name[length..];
        return "&" + name;
    }

    // Null where the reference isn't a number at all.
    static string? Number(string digits)
    {
        var hexadecimal = digits.Length > 1 && digits[0] is 'x' or 'X';
        var digitsOnly = hexadecimal ? digits[1..] : digits;
        if (digitsOnly.Length == 0 || !digitsOnly.All(hexadecimal ? char.IsAsciiHexDigit : char.IsAsciiDigit)) return null;
        if (!int.TryParse(digitsOnly, hexadecimal ? NumberStyles.HexNumber : NumberStyles.None, CultureInfo.InvariantCulture, out var code))
            return "\ufffd";
        return code switch
        {
            0 or > 0x10FFFF or < 0 or (>= 0xD800 and <= 0xDFFF) => "\ufffd",
            >= 0x80 and <= 0x9F => Windows1252.ToChar((byte)code).ToString(),
            < 0x20 and not ('\t' or '\n' or '\f' or '\r') => "",
            0x7F or (>= 0xFDD0 and <= 0xFDEF) => "",
            _ when (code & 0xFFFE) == 0xFFFE => "",
            _ => new Rune(code).ToString(),
        };
    }

    [GeneratedRegex("&(#?[0-9A-Za-z]{1,24};)")]
    private static partial Regex Complete();

    [GeneratedRegex("&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\\t\\n\\f <&#;]{1,32};?)")]
    private static partial Regex Lenient();
}
