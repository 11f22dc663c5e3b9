using SpoActors.Trainer.Evaluation.GenEval;

namespace SpoActors.Trainer.Tests.Evaluation.GenEval;

public sealed class GenEvalPromptTests
{
    [Fact]
    public void Prompt_WhenPublished_KeepsEverything()
    {
        const string Line = """
            {"tag": "position", "include": [{"class": "tv", "count": 1}, {"class": "laptop", "count": 1, "position": ["right of", 0]}], "prompt": "p"}
            """;
        var prompt = GenEvalPrompt.Parse(Line);
        Assert.Equal(("position", "p"), (prompt.Tag, prompt.Prompt));
        Assert.Equal([new("tv", 1), new("laptop", 1, null, new("right of", 0))], prompt.Include);
        Assert.Empty(prompt.Exclude);
        Assert.Equal(Line.Trim(), prompt.Metadata);
    }

    [Theory]
    [InlineData("""[1]""", "'tag' is missing")]
    [InlineData("""{"tag": "colors"}""", "'prompt' is missing, expected a text")]
    [InlineData("""{"tag": "colors", "prompt": 3}""", "'prompt' is 3, expected a text")]
    [InlineData("""{"tag": "colors", "prompt": "p", "include": {}}""", "'include' is {}, expected a list")]
    [InlineData("""{"tag": "colors", "prompt": "p", "include": [{"class": "cat", "count": -1}]}""", "'count' is -1, expected a whole number of at least 0")]
    [InlineData("""{"tag": "colors", "prompt": "p", "include": [{"class": "cat", "count": 1, "position": ["near", 0]}]}""", "expected [relation, object]")]
    [InlineData("""{"tag": "colors", "prompt": "p", "include": [{"class": "cat", "count": 1, "position": ["above", 0]}]}""", "expected an object before it")]
    [InlineData("""{"tag": """, "is no JSON")]
    public void Prompt_WhenBroken_NamesWhatIsWrong(string line, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => GenEvalPrompt.Parse(line)).Message, StringComparison.Ordinal);

    [Fact]
    public void Color_WhenScoresAreEqual_IsTheFirst() => Assert.Equal("orange", GenEvalColors.Surest([0, 1, 1, 0, 0, 0, 0, 0, 0, 0]));

    [Theory]
    [InlineData(new float[] { 1, 2 }, "2 colour scores; expected 10")]
    [InlineData(new[] { 0, 1, float.NaN, 0, 0, 0, 0, 0, 0, 0 }, "The score of yellow is NaN")]
    public void Color_WhenScoresAreBroken_Throws(float[] scores, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => GenEvalColors.Surest(scores)).Message, StringComparison.Ordinal);
}
