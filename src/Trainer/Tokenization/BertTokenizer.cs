using System.Globalization;
using System.Text;
using SpoActors.Trainer.Storage;
using SpoActors.Trainer.Tokenization.Text;

namespace SpoActors.Trainer.Tokenization;

/// <summary>
/// transformers' BertTokenizer of a vocabulary in lower case, as ImageReward uses it: words and punctuation apart, lower case, no accents,
/// each word cut greedily into the longest known pieces. Safe to call from many threads.
/// </summary>
public sealed class BertTokenizer : IPromptTokenizer
{
    /// <summary>[DEC] and [ENC], which BLIP adds behind the vocabulary.</summary>
    public const int BlipTokens = 2;

    const string Start = "[CLS]", End = "[SEP]", Unknown = "[UNK]", Padding = "[PAD]", Continued = "##";

    /// <summary>A longer word is unknown.</summary>
    const int LongestWord = 100;

    const int LargestFile = 16 << 20;

    readonly Dictionary<string, long> ids;
    readonly string[] specialTokens = [Start, End, Unknown, Padding, "[MASK]", "[DEC]", "[ENC]"];

    /// <param name="vocabulary">Tokens in the order of their ids.</param>
    /// <param name="maxLength">Ids of a prompt, start and end included.</param>
    /// <exception cref="TokenizerException">A token is missing, or [PAD] is not the first.</exception>
    public BertTokenizer(IEnumerable<string> vocabulary, int maxLength = 35)
    {
        ids = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var token in vocabulary) ids[token] = ids.Count;
        VocabularySize = ids.Count;
        MaxLength = maxLength;
        if (Array.Find([Start, End, Unknown, Padding], t => !ids.ContainsKey(t)) is { } missing)
            throw new TokenizerException($"The vocabulary of {VocabularySize} tokens lacks the special token '{missing}'; expected bert-base-uncased's vocab.txt.");
        if (ids[Padding] != 0) throw new TokenizerException($"The vocabulary has {Padding} at {ids[Padding]}; expected it first, as in bert-base-uncased's vocab.txt.");
        ids.TryAdd("[DEC]", VocabularySize);
        ids.TryAdd("[ENC]", VocabularySize + 1);
    }

    public int MaxLength { get; }

    /// <summary>Tokens of the vocabulary file.</summary>
    public int VocabularySize { get; }

    /// <summary>A <c>vocab.txt</c>, a token a line.</summary>
    /// <exception cref="TokenizerException">The file is missing or is none.</exception>
    public static BertTokenizer FromFile(string path)
    {
        try
        {
            using var reader = new StreamReader(new MemoryStream(InputFile.ReadAll(path, LargestFile)), Encoding.UTF8);
            var tokens = new List<string>();
            while (reader.ReadLine() is { } token) tokens.Add(token);
            return new BertTokenizer(tokens);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TokenizerException($"'{path}' cannot be read as BERT's vocabulary: {e.Message}", e);
        }
    }

    public long[] Encode(string prompt)
    {
        var encoded = new long[MaxLength];
        Array.Fill(encoded, ids[Padding]);
        encoded[0] = ids[Start];
        var count = 1;
        foreach (var id in TextTokens(prompt).Take(MaxLength - 2)) encoded[count++] = id;
        encoded[count] = ids[End];
        return encoded;
    }

    IEnumerable<long> TextTokens(string text)
    {
        foreach (var (piece, special) in CutAtSpecialTokens(text))
        {
            if (special is { } id) yield return id;
            else
                foreach (var word in Words(piece))
                    foreach (var token in Pieces(word)) yield return token;
        }
    }

    IEnumerable<(string Piece, long? Special)> CutAtSpecialTokens(string text)
    {
        var start = 0;
        for (var i = 0; i < text.Length;)
        {
            var found = Array.Find(specialTokens, t => string.CompareOrdinal(text, i, t, 0, t.Length) == 0 && ids.ContainsKey(t));
            if (found is null)
            {
                i++;
                continue;
            }
            if (i > start) yield return (text[start..i], null);
            yield return (found, ids[found]);
            start = i += found.Length;
        }
        if (start < text.Length) yield return (text[start..], null);
    }

    static IEnumerable<string> Words(string text)
    {
        var spaced = CanonicalComposition.Normalize(CleanAndSpaceIdeographs(text));
        foreach (var word in spaced.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            foreach (var part in SplitAtPunctuation(WithoutAccents(CaseAndSpace.Lower(word, finalSigma: false)))) yield return part;
    }

    static string CleanAndSpaceIdeographs(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is ' ' or '\t' or '\n' or '\r' || Rune.GetUnicodeCategory(rune) == UnicodeCategory.SpaceSeparator) clean.Append(' ');
            else if (IsIdeograph(rune.Value)) clean.Append(' ').Append(rune.ToString()).Append(' ');
            else if (rune != Rune.ReplacementChar && !IsControl(rune)) clean.Append(rune.ToString());
        }
        return clean.ToString();
    }

    static bool IsControl(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate;

    // The blocks that BERT's authors took for Chinese.
    static bool IsIdeograph(int code) => code is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF)
        or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B820 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);

    static string WithoutAccents(string word)
    {
        var bare = new StringBuilder(word.Length);
        foreach (var rune in CanonicalComposition.Decompose(word).EnumerateRunes())
            if (Rune.GetUnicodeCategory(rune) != UnicodeCategory.NonSpacingMark) bare.Append(rune.ToString());
        return bare.ToString();
    }

    static IEnumerable<string> SplitAtPunctuation(string word)
    {
        var part = new StringBuilder();
        foreach (var rune in word.EnumerateRunes())
        {
            if (!IsPunctuation(rune))
            {
                part.Append(rune.ToString());
                continue;
            }
            if (part.Length > 0) yield return part.ToString();
            part.Clear();
            yield return rune.ToString();
        }
        if (part.Length > 0) yield return part.ToString();
    }

    // Every ASCII sign that is no letter, digit or space counts.
    static bool IsPunctuation(Rune rune) => rune.Value is (>= 33 and <= 47) or (>= 58 and <= 64) or (>= 91 and <= 96) or (>= 123 and <= 126)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation
            or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation;

    List<long> Pieces(string word)
    {
        var runes = word.EnumerateRunes().Select(r => r.ToString()).ToArray();
        var pieces = new List<long>();
        if (runes.Length > LongestWord) return [ids[Unknown]];
        for (var start = 0; start < runes.Length;)
        {
            var end = runes.Length;
            long id = 0;
            while (end > start && !ids.TryGetValue((start > 0 ? Continued : "") + string.Concat(runes[start..end]), out id)) end--;
            if (end == start) return [ids[Unknown]];
            pieces.Add(id);
            start = end;
        }
        return pieces;
    }
}
