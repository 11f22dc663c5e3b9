using SpoActors.Trainer.Tokenization.Text;

namespace SpoActors.Trainer.Tokenization;

/// <summary>CLIP's byte-pair tokenizer in its four variants. Safe to call from many threads.</summary>
public sealed class ClipTokenizer : IPromptTokenizer
{
    readonly BytePairEncoder encoder;
    readonly ClipTokenizerOptions options;

    // Longest first, so that a token that begins another doesn't hide it.
    readonly (string Text, long Id)[] specialTokens;

    public ClipTokenizer(BytePairVocabulary vocabulary, ClipTokenizerOptions options)
    {
        this.options = options;
        long Id(string token) => options.AddedTokens.TryGetValue(token, out var added) || vocabulary.Ids.TryGetValue(token, out added)
            ? added
            : throw new TokenizerException($"The vocabulary of {vocabulary.Ids.Count} tokens lacks the special token '{token}'.");
        VocabularySize = 1 + vocabulary.Ids.Values.Concat(options.AddedTokens.Values).Max();
        StartId = Id(options.StartToken);
        EndId = Id(options.EndToken);
        PadId = options.Kind == ClipTokenizerKind.OpenClip ? 0 : Id(options.PadToken);
        encoder = new BytePairEncoder(vocabulary, Id(options.UnknownToken));
        specialTokens = options.Kind == ClipTokenizerKind.OpenClip
            ? []
            : [.. options.AddedTokens.Keys.Concat([options.StartToken, options.EndToken, options.UnknownToken, options.PadToken])
                .Where(t => t.Length > 0).Distinct(StringComparer.Ordinal).OrderByDescending(t => t.Length).Select(t => (t, Id(t)))];
    }

    public int MaxLength => options.MaxLength;

    /// <summary>One more than the largest id: rows of the embedding table that it needs.</summary>
    public long VocabularySize { get; }

    public long StartId { get; }

    public long EndId { get; }

    /// <summary>The end token's id, except for SDXL's second tokenizer and open_clip (0).</summary>
    public long PadId { get; }

    /// <summary>A <c>tokenizer</c> folder as transformers saves it.</summary>
    /// <param name="folder">Holds vocab.json, merges.txt and, mostly, tokenizer_config.json and special_tokens_map.json.</param>
    /// <param name="kind">Slow for a diffusers pipeline, Fast for what AutoProcessor loads (preference models).</param>
    /// <exception cref="TokenizerException">A file is missing or malformed.</exception>
    public static ClipTokenizer FromFolder(string folder, ClipTokenizerKind kind) =>
        new(BytePairVocabulary.FromFolder(folder), ClipTokenizerFolder.ReadOptions(folder, kind));

    /// <summary>OpenAI's <c>bpe_simple_vocab_16e6.txt.gz</c>.</summary>
    /// <exception cref="TokenizerException">The file is missing or malformed.</exception>
    public static ClipTokenizer FromBpeFile(string path, ClipTokenizerOptions options) => new(BytePairVocabulary.FromBpeFile(path), options);

    public long[] Encode(string prompt)
    {
        var ids = EncodeUnpadded(prompt, MaxLength);
        var padded = new long[MaxLength];
        Array.Fill(padded, PadId);
        ids.CopyTo(padded, 0);
        return padded;
    }

    /// <summary>Start token, text tokens and end token without padding, cut to <paramref name="maxLength"/> ids.</summary>
    public long[] EncodeUnpadded(string prompt, int maxLength = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 2);
        List<long> ids = [StartId];
        foreach (var token in TextTokens(prompt))
        {
            if (ids.Count == maxLength - 1) break;
            ids.Add(token);
        }
        ids.Add(EndId);
        return [.. ids];
    }

    // Lazily, so that a long prompt costs no more encoding than fits.
    IEnumerable<long> TextTokens(string prompt)
    {
        // The fast tokenizer looks for special tokens in the cleaned text, the slow ones in the text as it was written.
        var whole = options.Kind == ClipTokenizerKind.Fast ? Clean(prompt) : prompt;
        foreach (var (piece, special) in CutAtSpecialTokens(whole))
        {
            if (special is { } id)
            {
                yield return id;
                continue;
            }
            var cleaned = options.Kind == ClipTokenizerKind.Fast ? piece : Clean(piece);
            foreach (var word in WordSplitter.Split(cleaned, keepSpecialTokens: options.Kind != ClipTokenizerKind.Fast))
            {
                if (word == options.StartToken) yield return StartId;
                else if (word == options.EndToken) yield return EndId;
                else foreach (var token in encoder.Encode(word)) yield return token;
            }
        }
    }

    string Clean(string text) => options.Kind switch
    {
        ClipTokenizerKind.Slow => LowerAndCollapse(TextFixer.Fix(text)),
        ClipTokenizerKind.SlowWithoutFtfy => LowerAndCollapse(PlainTextCleaner.Clean(text)),
        ClipTokenizerKind.OpenClip => LowerAndCollapse(HtmlEntities.UnescapeLenient(HtmlEntities.UnescapeLenient(TextFixer.Fix(text)))),
        _ => CaseAndSpace.Lower(CaseAndSpace.CollapseWhitespace(CanonicalComposition.Normalize(text), separatorsToo: false), finalSigma: false),
    };

    static string LowerAndCollapse(string text) => CaseAndSpace.Lower(CaseAndSpace.CollapseWhitespace(text, separatorsToo: true), finalSigma: true);

    IEnumerable<(string Piece, long? Special)> CutAtSpecialTokens(string text)
    {
        var start = 0;
        for (var i = 0; i < text.Length;)
        {
            var found = Array.Find(specialTokens, s => string.CompareOrdinal(text, i, s.Text, 0, s.Text.Length) == 0);
            if (found.Text is null)
            {
                i++;
                continue;
            }
            if (i > start) yield return (text[start..i], null);
            yield return (found.Text, found.Id);
            start = i += found.Text.Length;
        }
        if (start < text.Length) yield return (text[start..], null);
    }
}
