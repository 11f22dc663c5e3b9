using System.Diagnostics;
using SpoActors.Trainer.Native;
using SpoActors.Trainer.Tokenization;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Tokenization;

public sealed class ClipTokenizerTests
{
    static ClipTokenizerTests() => NativeLibtorch.EnsureLoaded();

    static ClipTokenizer Make(ClipTokenizerKind kind = ClipTokenizerKind.Slow, string pad = BytePairVocabulary.EndOfText) =>
        new(TokenizerFiles.Vocabulary, new ClipTokenizerOptions { Kind = kind, PadToken = pad });

    [Fact]
    public void Encode_WhenThePromptIsShort_PadsToTheFullLength()
    {
        var ids = Make().Encode("a photo of a cat");

        Assert.Equal([49406, 320, 1125, 539, 320, 2368, 49407, 49407], ids[..8]);
        Assert.Equal(77, ids.Length);
    }

    [Fact]
    public void Encode_WhenPaddedWithAnExclamationMark_CutsTheTextThere()
    {
        Assert.Equal([49406, 2368, 0, 1929, 49407], Make(pad: "!").EncodeUnpadded("cat!dog"));
        Assert.Equal([49406, 2368, 256, 1929, 49407], Make().EncodeUnpadded("cat!dog"));
    }

    [Fact]
    public void Encode_WhenOpenClip_PadsWithZeroButKeepsExclamationMarks()
    {
        var ids = Make(ClipTokenizerKind.OpenClip).Encode("cat!");

        Assert.Equal([49406, 2368, 256, 49407, 0, 0], ids[..6]);
    }

    [Theory]
    [InlineData("&amp;lt;b&gt;")]
    [InlineData("a < &lt;")]
    public void Encode_WhenOpenClip_UnescapesTwiceEvenBesideALessThanSign(string prompt)
    {
        var plain = System.Net.WebUtility.HtmlDecode(System.Net.WebUtility.HtmlDecode(prompt));

        Assert.Equal(Make(ClipTokenizerKind.OpenClip).Encode(plain), Make(ClipTokenizerKind.OpenClip).Encode(prompt));
    }

    [Fact]
    public void EncodeBatch_WhenGivenSeveralPrompts_StacksTheirIds()
    {
        using var scope = NewDisposeScope();
        IPromptTokenizer tokenizer = Make();
        string[] prompts = ["a cat", "", "a dog!"];
        var ids = tokenizer.EncodeBatch(prompts);

        Assert.Equal([3, 77], ids.shape);
        Assert.Equal(ScalarType.Int64, ids.dtype);
        Assert.Equal(prompts.SelectMany(tokenizer.Encode), ids.data<long>().ToArray());
    }

    [Theory]
    [InlineData('a')]
    [InlineData('&')]
    [InlineData('é')]
    [InlineData('Ã')]
    [InlineData(' ')]
    [InlineData('!')]
    [InlineData('1')]
    public void Encode_WhenThePromptIsVeryLong_TakesTimeInProportion(char letter)
    {
        var tokenizer = Make(pad: "!");
        var prompt = new string(letter, 10_000) + "&amp;" + string.Concat(Enumerable.Repeat("&amp;amp;", 1000));
        tokenizer.Encode(prompt);
        var watch = Stopwatch.StartNew();

        Assert.Equal(77, tokenizer.Encode(prompt).Length);

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"{watch.Elapsed} for {prompt.Length} characters");
    }

    [Fact]
    public void Encode_WhenCalledFromManyThreads_GivesTheSameIds()
    {
        var tokenizer = Make();
        var prompts = Enumerable.Range(0, 500).Select(i => $"cat {i} in the hat number {i * 7} supercalifragilistic{i % 13}").ToArray();
        var expected = prompts.Select(Make().Encode).ToArray();

        var actual = prompts.AsParallel().AsOrdered().WithDegreeOfParallelism(4).Select(tokenizer.Encode).ToArray();

        Assert.Equal(expected, actual);
    }

    [Fact]
    public void FromFolder_WhenTheConfigListsAddedTokens_ItWinsOverTheMap()
    {
        var folder = TokenizerFiles.Folder(
            """{ "model_max_length": 6, "pad_token": "!", "added_tokens_decoder": { "0": { "content": "!" }, "900": { "content": "<sks>" } } }""",
            """{ "pad_token": "<|endoftext|>" }""");
        var tokenizer = ClipTokenizer.FromFolder(folder, ClipTokenizerKind.Slow);

        Assert.Equal([tokenizer.StartId, 900, 55, tokenizer.EndId, 0, 0], tokenizer.Encode("<sks> CAT"));
    }

    [Fact]
    public void FromFolder_WhenItIsOld_TheMapWinsOverTheConfig()
    {
        var folder = TokenizerFiles.Folder("""{ "pad_token": "!" }""", """{ "pad_token": { "content": "<|endoftext|>" } }""");
        var tokenizer = ClipTokenizer.FromFolder(folder, ClipTokenizerKind.Slow);

        Assert.Equal(tokenizer.EndId, tokenizer.PadId);
        Assert.Equal(77, tokenizer.MaxLength);
    }

    [Fact]
    public void FromFolder_WhenTheVocabularyLacksABytesToken_UsesTheUnknownToken()
    {
        var tokenizer = ClipTokenizer.FromFolder(TokenizerFiles.Folder("{}"), ClipTokenizerKind.Slow);

        Assert.Equal([tokenizer.StartId, tokenizer.EndId, 55, tokenizer.EndId], tokenizer.EncodeUnpadded("? cat"));
    }

    [Fact]
    public void FromFolder_WhenAFileIsMissingOrMalformed_NamesTheFolder()
    {
        var folder = TokenizerFiles.Folder("{}");
        File.WriteAllText(Path.Combine(folder, "merges.txt"), "#version\na b c\n");
        var malformed = Assert.Throws<TokenizerException>(() => ClipTokenizer.FromFolder(folder, ClipTokenizerKind.Slow));
        var missing = Assert.Throws<TokenizerException>(() => ClipTokenizer.FromFolder("/nowhere", ClipTokenizerKind.Slow));

        Assert.Contains("merge 1 is 'a b c', expected two tokens", malformed.Message, StringComparison.Ordinal);
        Assert.StartsWith("'/nowhere' is not a CLIP tokenizer folder", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FromBpeFile_WhenItIsNotGzip_NamesTheFile()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, "not gzip");

        Assert.Contains(path, Assert.Throws<TokenizerException>(() => BytePairVocabulary.FromBpeFile(path)).Message, StringComparison.Ordinal);
    }
}
