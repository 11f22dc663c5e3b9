using SpoActors.Trainer.Evaluation.GenEval;

namespace SpoActors.Trainer.Tests.Evaluation.GenEval;

public sealed class GenEvalVerdictTests
{
    static readonly GenEvalBox Middle = new(100, 100, 120, 120);

    static GenEvalDetection Cat(float score, GenEvalBox? box = null, string? color = null) => new("cat", box ?? Middle, score, color);

    static GenEvalPrompt Prompt(string include, string exclude = "[]", string tag = "single_object") =>
        GenEvalPrompt.Parse($$"""{"tag": "{{tag}}", "include": {{include}}, "exclude": {{exclude}}, "prompt": "p"}""");

    [Fact]
    public void Verdict_WhenNothingIsSeen_NamesEveryMissingObject()
    {
        var verdict = GenEvalVerdict.Of(Prompt("""[{"class": "cat", "count": 1}, {"class": "dog", "count": 2}]"""), []);
        Assert.False(verdict.Correct);
        Assert.Equal("expected cat>=1, found 0\nexpected dog>=2, found 0", verdict.Reason);
        Assert.Empty(verdict.Kept);
    }

    [Fact]
    public void Verdict_WhenNothingIsAsked_IsCorrect() => Assert.True(GenEvalVerdict.Of(Prompt("[]"), []).Correct);

    [Fact]
    public void Verdict_WhenCountIsZero_HoldsWithoutObjectsAndMakesAnEmptyTarget() => Assert.True(GenEvalVerdict.Of(
        Prompt("""[{"class": "dog", "count": 0, "color": "red"}, {"class": "cat", "count": 1, "position": ["above", 0]}]"""), [Cat(0.9f)]).Correct);

    [Fact]
    public void Verdict_WhenScoresAreEqual_TakesTheLaterFirst()
    {
        var verdict = GenEvalVerdict.Of(Prompt("""[{"class": "cat", "count": 1, "color": "red"}]"""),
            [Cat(0.5f, color: "blue"), Cat(0.5f, color: "red"), Cat(0.4f, color: "green")]);
        Assert.True(verdict.Correct);
        Assert.Equal(["red", "blue", "green"], verdict.Kept["cat"].Select(d => d.Color));
    }

    [Fact]
    public void Verdict_WhenScoreIsNaN_DoesNotCountTheObject()
    {
        var verdict = GenEvalVerdict.Of(Prompt("""[{"class": "cat", "count": 1}]"""), [Cat(float.NaN)]);
        Assert.Equal("expected cat>=1, found 0", verdict.Reason);
    }

    [Theory]
    [InlineData(0.3f, false)]
    [InlineData(0.30000004f, true)]
    public void Verdict_WhenScoreIsAtTheThreshold_ComparesInFloat32(float score, bool correct) =>
        Assert.Equal(correct, GenEvalVerdict.Of(Prompt("""[{"class": "cat", "count": 1}]"""), [Cat(score)]).Correct);

    [Fact]
    public void Verdict_WhenColorIsAskedButUnknown_Throws()
    {
        var e = Assert.Throws<InvalidDataException>(() => GenEvalVerdict.Of(Prompt("""[{"class": "cat", "count": 1, "color": "red"}]"""), [Cat(0.9f)]));
        Assert.Contains("has no colour", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Verdict_WhenColorIsNotOfTheList_NamesItLast()
    {
        var verdict = GenEvalVerdict.Of(Prompt("""[{"class": "cat", "count": 2, "color": "red"}]"""), [Cat(0.9f, color: "cyan"), Cat(0.8f, color: "white")]);
        Assert.Equal("expected red cat>=2, found 0 red; and 1 white, 1 cyan", verdict.Reason);
    }

    [Fact]
    public void Verdict_WhenTwoAreExcludedAndThere_NamesBoth() => Assert.Equal("expected cat<1, found 2\nexpected cat<2, found 2",
        GenEvalVerdict.Of(Prompt("[]", """[{"class": "cat", "count": 1}, {"class": "cat", "count": 2}]"""), [Cat(0.9f), Cat(0.8f)]).Reason);

    [Fact]
    public void Verdict_WhenObjectsAreConcentric_FindsNoRelation()
    {
        var verdict = GenEvalVerdict.Of(
            Prompt("""[{"class": "dog", "count": 1}, {"class": "cat", "count": 1, "position": ["left of", 0]}]"""),
            [new("dog", Middle, 0.9f), Cat(0.9f)], GenEvalOptions.Default with { PositionThreshold = 0 });
        Assert.Equal("expected cat left of target, found  target", verdict.Reason);
    }

    [Theory]
    [InlineData(1.0, 3)]
    [InlineData(0.5, 2)]
    public void Verdict_WhenObjectsOverlap_SuppressesOnlyBelowOne(double maxOverlap, int kept)
    {
        var verdict = GenEvalVerdict.Of(Prompt("[]"), [Cat(0.9f), Cat(0.8f), Cat(0.7f, new(0, 0, 5, 5))],
            GenEvalOptions.Default with { MaxOverlap = maxOverlap });
        Assert.Equal(kept, verdict.Kept["cat"].Count);
    }
}
