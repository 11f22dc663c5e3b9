using System.Buffers;
using System.Text;

namespace SpoActors.Trainer.Tokenization.Text;

/// <summary>
/// Undoes UTF-8 that was read as Latin-1 or Windows-1252 ("cafÃ©", "itâ€™s", "Ð¿Ñ€Ð¸Ð²ÐµÑ‚"), wherever in the text it stands.
/// A sequence that could be real text, such as an accented letter before closing typography, is left alone.
/// </summary>
static class MojibakeRepair
{
    // Continuation bytes that also follow a letter in honest text.
    static readonly SearchValues<char> PlausibleAfterLetters = SearchValues.Create("’”…–—»›™®°ºª¹²³·");

    public static string Repair(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\u00c2', '\u00f4')) return text;
        var result = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length;)
        {
            var length = RunOfSequences(text, i, out var decoded);
            if (decoded is not null) result.Append(decoded);
            else result.Append(text, i, length);
            i += length;
        }
        return result.ToString();
    }

    // Adjacent sequences are judged together: one that is surely broken vouches for its neighbours.
    static int RunOfSequences(string text, int start, out string? decoded)
    {
        var run = new StringBuilder();
        var (at, sure) = (start, false);
        while (at < text.Length && Sequence(text, at, out var rune) is > 0 and var length)
        {
            sure |= IsImprobable(text, at, length);
            run.Append(rune.ToString());
            at += length;
        }
        decoded = sure ? run.ToString() : null;
        return Math.Max(at - start, 1);
    }

    static int Sequence(string text, int at, out Rune rune)
    {
        rune = default;
        if (!Windows1252.TryToByte(text[at], out var lead) || lead is < 0xC2 or > 0xF4) return 0;
        var length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
        if (at + length > text.Length) return 0;
        Span<byte> bytes = stackalloc byte[4];
        bytes[0] = lead;
        for (var i = 1; i < length; i++)
            if (!Windows1252.TryToByte(text[at + i], out bytes[i])) return 0;
        return Rune.DecodeFromUtf8(bytes[..length], out rune, out var consumed) == OperationStatus.Done && consumed == length ? length : 0;
    }

    static bool IsImprobable(string text, int at, int length)
    {
        if (text.AsSpan(at + 1, length - 1).ContainsAnyExcept(PlausibleAfterLetters)) return true;
        // Â and Ã lead all of Latin-1, by far the commonest damage; but they also end words in capitals.
        return text[at] is 'Â' or 'Ã' && (at == 0 || !char.IsUpper(text[at - 1]));
    }
}
