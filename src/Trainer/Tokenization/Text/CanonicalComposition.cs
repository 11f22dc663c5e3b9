using System.Text;

namespace SpoActors.Trainer.Tokenization.Text;

/// <summary>Unicode normalisation form C (Unicode Standard Annex 15), independent of ICU.</summary>
static class CanonicalComposition
{
    const int FirstWithCombining = 0x300;
    const int SBase = 0xAC00, LBase = 0x1100, VBase = 0x1161, TBase = 0x11A7, LCount = 19, VCount = 21, TCount = 28, SCount = LCount * VCount * TCount;

    public static string Normalize(string text)
    {
        // No character below U+0300 decomposes with what precedes it.
        if (!text.AsSpan().ContainsAnyInRange((char)FirstWithCombining, char.MaxValue)) return text;
        var codes = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes()) Decompose(rune.Value, codes);
        Order(codes);
        return Compose(codes);
    }

    /// <summary>Normalisation form D: every character in its parts, marks in their canonical order.</summary>
    public static string Decompose(string text)
    {
        var codes = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes()) Decompose(rune.Value, codes);
        Order(codes);
        return string.Concat(codes.Select(c => new Rune(c).ToString()));
    }

    static int Class(int code) => code < FirstWithCombining ? 0 : UnicodeTables.CombiningClass.GetValueOrDefault(code);

    static void Decompose(int code, List<int> codes)
    {
        if (code - SBase is >= 0 and < SCount and var syllable)
        {
            codes.Add(LBase + syllable / (VCount * TCount));
            codes.Add(VBase + syllable % (VCount * TCount) / TCount);
            if (syllable % TCount > 0) codes.Add(TBase + syllable % TCount);
        }
        else if (UnicodeTables.Decomposition.TryGetValue(code, out var parts))
            foreach (var part in parts) Decompose(part, codes);
        else codes.Add(code);
    }

    // Sorts each run of combining characters by class, stably.
    static void Order(List<int> codes)
    {
        for (var start = 0; start < codes.Count; start++)
        {
            if (Class(codes[start]) == 0) continue;
            var end = start + 1;
            while (end < codes.Count && Class(codes[end]) != 0) end++;
            if (end - start > 1)
            {
                var sorted = codes.Skip(start).Take(end - start).OrderBy(Class).ToArray();
                for (var i = 0; i < sorted.Length; i++) codes[start + i] = sorted[i];
            }
            start = end - 1;
        }
    }

    static string Compose(List<int> codes)
    {
        var result = new List<int>(codes.Count);
        var starter = -1;
        // The class of the last character kept since the starter: a mark composes only if none of its class or above stands between.
        var lastClass = -1;
        foreach (var code in codes)
        {
            var combining = Class(code);
            if (starter >= 0 && lastClass < combining && Pair(result[starter], code) is { } composed)
            {
                result[starter] = composed;
                continue;
            }
            if (combining == 0)
            {
                starter = result.Count;
                lastClass = -1;
            }
            else lastClass = combining;
            result.Add(code);
        }
        var text = new StringBuilder(result.Count);
        foreach (var code in result) text.Append(new Rune(code).ToString());
        return text.ToString();
    }

    static int? Pair(int first, int second)
    {
        if (first - LBase is >= 0 and < LCount and var lead && second - VBase is >= 0 and < VCount and var vowel)
            return SBase + (lead * VCount + vowel) * TCount;
        if (first - SBase is >= 0 and < SCount and var syllable && syllable % TCount == 0 && second - TBase is > 0 and < TCount)
            return first + second - TBase;
        return UnicodeTables.Composition.TryGetValue((first, second), out var composed) ? composed : null;
    }
}
