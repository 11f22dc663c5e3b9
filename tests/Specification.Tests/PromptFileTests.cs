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

    static string Case(string name) => Repository.PathOf("tests/data/cases/" + name);

    [Theory]
    [InlineData("prompts.csv", "caption", new[] { "#1 fan art of a lighthouse", "a red kite over dunes", "# macro photo of frost", "#blessed, a kitten in a teacup" })]
    [InlineData("prompts.tsv", "Prompt", new[] { "#wanderlust mountain lake", "a copper teapot" })]
    public void Reading_WhenPromptsBeginWithAHash_KeepsThem(string name, string column, string[] expected) =>
        Assert.Equal(expected, PromptFile.Read(new PromptSpecification { Path = Case("23-csv-hash/" + name), Column = column }));

    [Theory]
    [InlineData("prompts.json", "entry 2: found half of a surrogate pair")]
    [InlineData("prompts.jsonl", "line 2: found half of a surrogate pair")]
    [InlineData("key.json", "entry 1: found half of a surrogate pair")]
    public void Reading_WhenSurrogateIsCut_NamesTheEntry(string name, string expected) => Assert.Contains(expected,
        Assert.Throws<SpecificationException>(() => PromptFile.Read(new PromptSpecification { Path = Case("24-json-lone-surrogate/" + name) })).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("p.txt", "a\rb\rc\r", new[] { "a", "b", "c" })]
    [InlineData("p.jsonl", "\"a\"\r\"b\"\r", new[] { "a", "b" })]
    [InlineData("p.csv", "caption\ra\rb\r", new[] { "a", "b" })]
    [InlineData("p.csv", "caption,id\r\na,1\r\nb,2", new[] { "a", "b" })]
    [InlineData("p.csv", "caption,id\na,1\n\"#b\",2\n", new[] { "a", "#b" })]
    [InlineData("p.csv", "\uFEFFcaption\na\n", new[] { "a" })]
    [InlineData("p.tsv", "#caption\tcaption\nx\ta\n#\tb\n", new[] { "a", "b" })]
    [InlineData("p.csv", "#id,caption\n1,a\n", new[] { "a" })]
    public void Reading_WhenLinesEndOtherwise_GivesEveryPrompt(string name, string content, string[] expected) => Assert.Equal(expected, Read(name, content));

    [Fact]
    public void Reading_WhenUtf16_NamesIt()
    {
        foreach (var encoding in new[] { System.Text.Encoding.Unicode, System.Text.Encoding.BigEndianUnicode })
            foreach (var mark in new[] { encoding.GetPreamble(), [] })
                Assert.Contains("found UTF-16 text; expected UTF-8", Assert.Throws<SpecificationException>(() => Read("p.txt", [.. mark, .. encoding.GetBytes("a cat\n")])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reading_WhenVeryManyEntriesAreWrong_SaysSoOnceWithTheirCount()
    {
        var error = Assert.Throws<SpecificationException>(() => Read("p.json", "[" + string.Join(",", Enumerable.Repeat("""{"text":"a"}""", 200_000)) + "]"));
        Assert.StartsWith("the prompts file", error.Message, StringComparison.Ordinal);
        Assert.Contains("has 200,000 problems:", error.Message, StringComparison.Ordinal);
        Assert.Contains("entry 1: found the keys text", error.Message, StringComparison.Ordinal);
        Assert.Contains("entry 20, and 199,980 more.", error.Message, StringComparison.Ordinal);
        Assert.True(error.Message.Length < 2000, error.Message);
        Assert.Single(error.Problems);
    }

    [Theory]
    [InlineData("p.csv", "caption,caption\na,b\n", "Rename one of the two")]
    [InlineData("p.json", """[{"caption": "a", "caption": "b"}]""", "broken JSON")]
    [InlineData("p.jsonl", """{"caption": "a", "caption": "b"}""", "line 1: found broken JSON")]
    [InlineData("p.csv", "caption\na\n\"b", "rows that cannot be read")]
    [InlineData("p.txt", "a\0b", "a NUL character")]
    public void Reading_WhenTextIsAmbiguous_Refuses(string name, string content, string expected) => Assert.Contains(expected, Error(name, content), StringComparison.Ordinal);

    [Theory]
    [InlineData("/dev/zero")]
    [InlineData("/tmp")]
    public void Reading_WhenFileIsNone_Refuses(string path)
    {
        using var folder = new TemporaryFolder();
        File.CreateSymbolicLink(folder.PathOf("p.txt"), path);
        Assert.Throws<SpecificationException>(() => PromptFile.Read(new PromptSpecification { Path = folder.PathOf("p.txt") }));
    }
}
