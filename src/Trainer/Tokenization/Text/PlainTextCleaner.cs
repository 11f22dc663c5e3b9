using System.Globalization;
using System.Text;

namespace SpoActors.Trainer.Tokenization.Text;

/// <summary>
/// What transformers' slow CLIP tokenizer falls back to where ftfy isn't installed (BERT's basic cleaning): control and format
/// characters vanish, CJK ideographs stand alone, form C.
/// </summary>
static class PlainTextCleaner
{
    public static string Clean(string text)
    {
        var result = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is '\t' or '\n' or '\r') result.Append(' ');
            else if (rune.Value == 0xFFFD || IsOther(rune)) continue;
            else if (IsIdeograph(rune.Value)) result.Append(' ').Append(rune.ToString()).Append(' ');
            else result.Append(rune.ToString());
        }
        return CanonicalComposition.Normalize(result.ToString());
    }

    static bool IsOther(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;

    static bool IsIdeograph(int code) => code is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF)
        or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B820 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF)
        or (>= 0x2F800 and <= 0x2FA1F);
}
