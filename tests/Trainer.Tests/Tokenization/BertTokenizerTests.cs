using SpoActors.Trainer.Tokenization;

namespace SpoActors.Trainer.Tests.Tokenization;

public sealed class BertTokenizerTests
{
    static readonly string[] Vocabulary =
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "cat", "sat", "##s", "##ing", "paint", ",", "!", "-", "cafe", "中", "##a", "i"];

    static readonly BertTokenizer Tokenizer = new(Vocabulary, 12);

    static string[] Tokens(string prompt) => [.. Tokenizer.Encode(prompt).Select(id => id < Vocabulary.Length ? Vocabulary[id] : id == Vocabulary.Length ? "[DEC]" : "[ENC]")
        .SkipWhile(t => t == "[CLS]").TakeWhile(t => t != "[SEP]")];

    [Theory]
    [InlineData("A Cat sat", "a cat sat")]
    [InlineData("cats, paintings!", "cat ##s , paint ##ing ##s !")]
    [InlineData("Café—CAFE\u0301", "cafe [UNK] cafe")]
    [InlineData("a-cat", "a - cat")]
    [InlineData("a中cat", "a 中 cat")]
    [InlineData("  a\t\ncat\u00a0sat\u200b ", "a cat sat")]
    [InlineData("dog", "[UNK]")]
    [InlineData("catdog", "[UNK]")]
    [InlineData("İ", "i")]
    [InlineData("a [MASK] cat[SEP]", "a [MASK] cat")]
    [InlineData("[ENC]cat[enc]", "[ENC] cat [UNK] [UNK] [UNK]")]
    [InlineData("", "")]
    public void Encode_WhenThePromptIsText_CutsItAsBertDoes(string prompt, string tokens) => Assert.Equal(tokens.Split(' ', StringSplitOptions.RemoveEmptyEntries), Tokens(prompt));

    [Fact]
    public void Encode_WhenThePromptIsLong_KeepsStartAndEnd()
    {
        var ids = Tokenizer.Encode(string.Concat(Enumerable.Repeat("cat ", 50)));

        Assert.Equal([2, .. Enumerable.Repeat(6L, 10), 3], ids);
        Assert.Equal([2, 6, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0], Tokenizer.Encode("cat"));
    }

    [Fact]
    public void Encode_WhenAWordIsLongerThanAHundredSigns_IsUnknown() => Assert.Equal(["[UNK]"], Tokens(new string('a', 101)));

    [Fact]
    public void Vocabulary_WhenASpecialTokenIsMissing_IsRefused()
    {
        var error = Assert.Throws<TokenizerException>(() => new BertTokenizer(["[PAD]", "[CLS]", "[UNK]"]));

        Assert.Contains("lacks the special token '[SEP]'", error.Message, StringComparison.Ordinal);
        Assert.Throws<TokenizerException>(() => new BertTokenizer(["[UNK]", "[CLS]", "[SEP]", "[PAD]"]));
    }
}
