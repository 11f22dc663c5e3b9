using SpoActors.ShapesWorld.Tokenizer;
using SpoActors.ShapesWorld.World;
using SpoActors.Trainer.Tokenization;

namespace SpoActors.ShapesWorld.Tests;

public sealed class TokenizerTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("shapes-tokenizer").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(ClipTokenizerKind.Slow)]
    [InlineData(ClipTokenizerKind.Fast)]
    public void Tokenizer_WhenFilesAreReadBack_EveryWordIsOneTokenOfItsOwn(ClipTokenizerKind kind)
    {
        TokenizerFiles.Write(folder);
        var tokenizer = ClipTokenizer.FromFolder(folder, kind);
        Assert.Equal(TokenizerFiles.MaxLength, tokenizer.MaxLength);
        var ids = TokenizerFiles.Words.Select(word => Assert.Single(tokenizer.EncodeUnpadded(word)[1..^1])).ToList();
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.Equal(TokenizerFiles.VocabularySize - 1, tokenizer.EndId);
    }

    [Fact]
    public void Tokenizer_WhenCaptionsCarryQualityWords_AllFitThePositions()
    {
        TokenizerFiles.Write(folder);
        var tokenizer = ClipTokenizer.FromFolder(folder, ClipTokenizerKind.Slow);
        for (uint i = 0; i < 1000; i++)
        {
            var random = new SceneRandom(1, WorldDraw.Captions, i);
            var caption = QualityWords.Caption(SceneGenerator.Training(1, i), ref random);
            Assert.InRange(tokenizer.EncodeUnpadded(caption).Length, 3, TokenizerFiles.MaxLength);
        }
    }
}
