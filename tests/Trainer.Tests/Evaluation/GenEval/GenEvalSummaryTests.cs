using SpoActors.Trainer.Evaluation.GenEval;

namespace SpoActors.Trainer.Tests.Evaluation.GenEval;

public sealed class GenEvalSummaryTests
{
    static readonly GenEvalPrompt Prompt = GenEvalPrompt.Parse(
        """{"tag": "colors", "include": [{"class": "cat", "count": 1}], "prompt": "ä/b"}""");

    static GenEvalResult Result(bool correct, string tag = "colors", string metadata = "m") =>
        GenEvalResult.Of("0.png", Prompt, GenEvalVerdict.Of(Prompt, correct ? [new("cat", new(0, 0, 1, 1), 0.5f)] : [])) with { Tag = tag, Metadata = metadata };

    [Fact]
    public void Summary_WhenShareIsHalfOfADigit_RoundsToEven()
    {
        var results = Enumerable.Range(0, 32).Select(i => Result(correct: i == 0)).ToArray();
        Assert.Contains("% correct images: 3.12%", GenEvalSummary.Of(results).Print(), StringComparison.Ordinal);
    }

    [Fact]
    public void Summary_WhenTagsDifferInSize_WeighsThemAlike()
    {
        var summary = GenEvalSummary.Of([Result(true), Result(false), Result(false), Result(false), Result(true, "counting", "n")]);
        Assert.Equal((0.625, 0.4, 1.0, 2), (summary.Overall, summary.CorrectImages, summary.CorrectPrompts, summary.Prompts));
    }

    [Fact]
    public void Summary_WhenThereAreNoResults_Throws() => Assert.Throws<ArgumentException>(() => GenEvalSummary.Of([]));

    [Fact]
    public void Results_WhenWritten_AreReadBack()
    {
        using var folder = new TemporaryFolder();
        GenEvalResult[] results = [Result(true), Result(false)];
        var path = folder.Path("results.jsonl");
        GenEvalResult.Write(path, results);
        Assert.Equal(results, GenEvalResult.Read(path));
        Assert.Equal("""{"cat":[[0,0,1,1,0.5]]}""", results[0].Details);
    }

    [Theory]
    [InlineData("", "holds no results")]
    [InlineData("{\"filename\": \"a\"}\n", "line 1 is no GenEval result")]
    [InlineData("\n{\"filename\": null}\n", "line 2 is no GenEval result")]
    [InlineData("null\n", "line 1 is no GenEval result")]
    public void Results_WhenFileIsBroken_NamesTheLine(string text, string message)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("results.jsonl", text);
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => GenEvalResult.Read(path)).Message, StringComparison.Ordinal);
    }
}
