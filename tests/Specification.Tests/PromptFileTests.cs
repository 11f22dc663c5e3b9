using SpoActors.Specification.Prompts;

namespace SpoActors.Specification.Tests;

public sealed class PromptFileTests
{
    static IReadOnlyList<string> Read(string name, byte[] content, string column = "caption", int? limit = null)
    {
        using var folder = new TemporaryFolder();
        return PromptFile.Read(new PromptSpecification { Path = folder.Write(name, content), Column = column, Limit = limit });
    }

    static IReadOnlyList<string> Read(string name, string content, string column = "caption", int? limit = null) =>
        Read(name, System.Text.Encoding.UTF8.GetBytes(content), column, limit);

    static string Error(string name, string content, string column = "caption") =>
        Assert.Throws<SpecificationException>(() => Read(name, content, column)).Message;

    [Theory]
    [InlineData("p.json", """["a cat", "ein Hündchen"]""")]
    [InlineData("p.json", """[{"caption": "a cat", "id": 1}, {"caption": "ein Hündchen"}]""")]
    [InlineData("p.jsonl", "\"a cat\"\n\n{\"caption\": \"ein Hündchen\"}\n")]
    [InlineData("p.txt", "a cat\r\n\r\nein Hündchen")]
    [InlineData("p.txt", "\uFEFFa cat\nein Hündchen\n")]
    [InlineData("p.csv", "id,Caption\n1,a cat\n2,ein Hündchen\n")]
    [InlineData("p.tsv", "caption\tid\na cat\t1\nein Hündchen\t2\n")]
    public void Reading_WhenFormatIsKnown_GivesThePrompts(string name, string content) => Assert.Equal(["a cat", "ein Hündchen"], Read(name, content));

    [Fact]
    public void Reading_WhenCsvIsQuoted_KeepsCommasAndLines() => Assert.Equal(["a \"red\" cat, sitting\ndown"], Read("p.csv", "caption\n\"a \"\"red\"\" cat, sitting\ndown\"\n"));

    [Fact]
    public void Reading_WhenTsvHasBareQuotes_KeepsThem() => Assert.Equal(["a \"red\" cat", "\"blue"], Read("p.tsv", "caption\na \"red\" cat\n\"blue\n"));

    [Fact]
    public void Reading_WhenLimited_TakesTheFirst() => Assert.Equal(["a"], Read("p.txt", "a\nb\n", limit: 1));

    [Fact]
    public void Reading_WhenPromptsRepeat_KeepsThem() => Assert.Equal(["a", "a"], Read("p.txt", "a\na\n"));

    [Theory]
    [InlineData("p.json", "")]
    [InlineData("p.json", "[]")]
    [InlineData("p.jsonl", "\n")]
    [InlineData("p.txt", "\n\n")]
    [InlineData("p.csv", "caption\n")]
    [InlineData("p.csv", "")]
    public void Reading_WhenThereAreNoPrompts_Refuses(string name, string content) => Assert.Contains("found no prompts; expected at least one", Error(name, content), StringComparison.Ordinal);

    [Fact]
    public void Reading_WhenNotUtf8_NamesTheByte()
    {
        var error = Assert.Throws<SpecificationException>(() => Read("p.txt", [.. "a cat\ncaf"u8, 0xE9, (byte)'\n']));
        Assert.Contains("byte 10: found bytes that are not UTF-8; expected UTF-8 text", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("p.txt")]
    [InlineData("p.jsonl")]
    public void Reading_WhenAPromptIsFarTooLong_NamesIt(string name)
    {
        var prompt = new string('x', 10_000);
        var error = Error(name, name.EndsWith("txt", StringComparison.Ordinal) ? $"short\n{prompt}\n" : $"\"short\"\n\"{prompt}\"\n");
        Assert.Contains("prompt 2: found 10000 characters; expected at most 8192", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("p.json", """{"caption": "a"}""", "file: found a JSON Object; expected a list")]
    [InlineData("p.json", """["a" """, "line ")]
    [InlineData("p.json", """[{"text": "a"}]""", "entry 1: found the keys text; expected a text under 'caption'")]
    [InlineData("p.json", """["a", 3]""", "entry 2: found a Number")]
    [InlineData("p.json", """["a", " "]""", "prompt 2: found an empty prompt")]
    [InlineData("p.jsonl", "\"a\"\n{broken\n", "line 2: found broken JSON")]
    [InlineData("p.csv", "id,text\n1,a\n", "header: found id, text; expected a column 'caption'")]
    [InlineData("p.parquet", "PAR1", "found the ending '.parquet'")]
    public void Reading_WhenContentIsWrong_SaysWhereAndWhat(string name, string content, string expected) => Assert.Contains(expected, Error(name, content), StringComparison.Ordinal);

    [Fact]
    public void Reading_WhenSeveralEntriesAreWrong_ListsAll() => Assert.Equal(2, Assert.Throws<SpecificationException>(() => Read("p.json", """[1, "a", {}]""")).Problems.Count);

    [Fact]
    public void Reading_WhenFileIsMissing_SaysSo() =>
        Assert.Contains("cannot be read", Assert.Throws<SpecificationException>(() => PromptFile.Read(new PromptSpecification { Path = "/nowhere/p.txt" })).Message, StringComparison.Ordinal);

    [Fact]
    public void Reading_WhenItIsTheReferencesList_GivesItsFourThousandPrompts() =>
        Assert.Equal(4000, PromptFile.Read(new PromptSpecification { Path = Repository.PathOf("config/prompts/spo_4k.json") }).Count);
}
