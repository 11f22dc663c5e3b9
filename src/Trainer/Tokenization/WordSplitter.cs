using System.Globalization;
using System.Text;

namespace SpoActors.Trainer.Tokenization;

/// <summary>
/// Cuts lower-cased text into the words that byte-pair encoding works on: special tokens, English contractions, runs of letters,
/// single digits, runs of anything else but white space; in that order of preference at each position.
/// </summary>
static class WordSplitter
{
    static readonly string[] Contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];
    static readonly string[] SpecialTokens = [BytePairVocabulary.StartOfText, BytePairVocabulary.EndOfText];

    enum Kind { Space, Letter, Number, Other }

    /// <param name="text">Lower-cased text.</param>
    /// <param name="keepSpecialTokens">Whether the spelled-out special tokens are words of their own.</param>
    public static IEnumerable<string> Split(string text, bool keepSpecialTokens)
    {
        for (var i = 0; i < text.Length;)
        {
            var length = Fixed(text, i, keepSpecialTokens);
            if (length == 0)
            {
                var kind = KindAt(text, i, out length);
                if (kind == Kind.Space)
                {
                    i += length;
                    continue;
                }
                while (kind != Kind.Number && i + length < text.Length && KindAt(text, i + length, out var more) == kind) length += more;
            }
            yield return text.Substring(i, length);
            i += length;
        }
    }

    static int Fixed(string text, int at, bool keepSpecialTokens)
    {
        if (text[at] == '\'')
        {
            foreach (var contraction in Contractions)
                if (string.CompareOrdinal(text, at, contraction, 0, contraction.Length) == 0) return contraction.Length;
        }
        else if (keepSpecialTokens && text[at] == '<')
        {
            foreach (var special in SpecialTokens)
                if (string.CompareOrdinal(text, at, special, 0, special.Length) == 0) return special.Length;
        }
        return 0;
    }

    static Kind KindAt(string text, int at, out int length)
    {
        if (Rune.DecodeFromUtf16(text.AsSpan(at), out var rune, out length) != System.Buffers.OperationStatus.Done) return Kind.Other;
        if (Rune.IsWhiteSpace(rune)) return Kind.Space;
        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
            _ => Kind.Other,
        };
    }
}
