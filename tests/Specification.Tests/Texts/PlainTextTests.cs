using SpoActors.Specification.Texts;

namespace SpoActors.Specification.Tests.Texts;

public sealed class PlainTextTests
{
    [Theory]
    [InlineData("a cat\n\tsits", "a cat\n\tsits")]
    [InlineData("red \u001b[31m text\u0007", "red \\u001b[31m text\\u0007")]
    [InlineData("a\rb\u009bc\u007f", "a\\u000db\\u009bc\\u007f")]
    [InlineData("gpj.\u202Eexe", "gpj.\\u202eexe")]
    [InlineData("two \U0001F600 whole", "two \U0001F600 whole")]
    public void Harmless_WhenTextHoldsControlCharacters_WritesThemOut(string text, string expected) => Assert.Equal(expected, PlainText.Harmless(text));

    [Fact]
    public void Harmless_WhenSurrogateIsAlone_WritesItOut() => Assert.Equal("cut \\ud83c", PlainText.Harmless("cut " + '\ud83c'));

    [Fact]
    public void OneLine_WhenTextIsLong_CutsItAndSaysSo() => Assert.Equal("abc… (6 characters)", PlainText.OneLine("abcdef", 3));

    [Fact]
    public void OneLine_WhenTextHasLines_JoinsThem() => Assert.Equal("a b", PlainText.OneLine("a\r\nb"));

    [Fact]
    public void Problem_WhenItTellsWhatAFileHolds_IsOneHarmlessLine()
    {
        var text = new Problem("name", "a\u001b[2J\nb", "x", "y").ToString();
        Assert.Equal("name: found a\\u001b[2J b; expected x. y", text);
    }

    [Fact]
    public void SpecificationException_WhenProblemsAreMany_ListsTwentyAndCountsAll()
    {
        var error = new SpecificationException("'a'", [.. Enumerable.Range(0, 300_000).Select(i => new Problem($"key{i}", "x", "y", "z"))]);
        Assert.StartsWith("'a' has 300,000 problems:", error.Message, StringComparison.Ordinal);
        Assert.Equal(22, error.Message.Split('\n').Length);
        Assert.EndsWith("  - and 299,980 more.", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("~", "")]
    [InlineData("~/a/b", "/a/b")]
    [InlineData("$HOME/a", "/a")]
    [InlineData("${HOME}/a", "/a")]
    public void Path_WhenItBeginsAtHome_LeadsThere(string path, string rest) =>
        Assert.Equal(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile) + rest, UserPath.Expand(path));

    [Theory]
    [InlineData("~other/a")]
    [InlineData("a/~/b")]
    [InlineData("$HOMEWARD/a")]
    public void Path_WhenItBeginsElsewhere_StaysAsItIs(string path) => Assert.Equal(path, UserPath.Expand(path));
}
