namespace SpoActors.Trainer.Tokenization;

/// <summary>How a CLIP tokenizer treats text; a tokenizer folder sets all of it.</summary>
public sealed record ClipTokenizerOptions
{
    public ClipTokenizerKind Kind { get; init; } = ClipTokenizerKind.Slow;

    /// <summary>Ids of an encoded prompt, start and end token included.</summary>
    public int MaxLength { get; init; } = 77;

    public string StartToken { get; init; } = BytePairVocabulary.StartOfText;

    public string EndToken { get; init; } = BytePairVocabulary.EndOfText;

    /// <summary>Stands for a token the vocabulary lacks.</summary>
    public string UnknownToken { get; init; } = BytePairVocabulary.EndOfText;

    /// <summary>
    /// Like every special token it is cut out of the text first: with SDXL's second tokenizer ("!") each "!" in a prompt becomes
    /// padding. open_clip pads with id 0 and knows no such rule.
    /// </summary>
    public string PadToken { get; init; } = BytePairVocabulary.EndOfText;

    /// <summary>Tokens beside the vocabulary, or special in it, with their ids.</summary>
    public IReadOnlyDictionary<string, long> AddedTokens { get; init; } = new Dictionary<string, long>();
}
