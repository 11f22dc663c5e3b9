using SpoActors.Specification;
using SpoActors.Trainer.Datasets;

namespace SpoActors.Trainer.Tests.Datasets;

public sealed class PairDatasetTests : IDisposable
{
    readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    OwnPairSpecification Data(string path = "") => new() { Path = folder.Path(path) };

    static PairDataset Open(OwnPairSpecification data)
    {
        List<Problem> problems = [];
        var pairs = PairDataset.Open(data, problems);
        Assert.Empty(problems);
        return pairs;
    }

    static string OnlyProblem(OwnPairSpecification data)
    {
        List<Problem> problems = [];
        PairDataset.Open(data, problems);
        var problem = Assert.Single(problems);
        Assert.Equal("data.path", problem.Key);
        return problem.ToString();
    }

    static PreferenceExample Row(string caption, double label0, double? label1 = null) => new(caption, [1, 1], [2, 2, 2], label0, label1 ?? 1 - label0);

    static IEnumerable<string> Captions(PairDataset pairs) => Enumerable.Range(0, pairs.Count).Select(i => pairs[i].Caption);

    void WriteSides(params string[] names)
    {
        foreach (var name in names) folder.Write(name, [1, 2, 3]);
    }

    [Fact]
    public void Parquet_WhenTheSecondImageWon_PutsItFirst()
    {
        PickAPicFile.Write(folder.Path("a.parquet"), [Row("first", 1), Row("second", 0)], rowsOfAGroup: 1);
        var pairs = Open(Data());
        Assert.Equal(2, pairs.Count);
        Assert.Equal([[1, 1], [2, 2, 2]], (byte[][])[pairs[0].First.Read(), pairs[0].Second.Read()]);
        Assert.Equal([[2, 2, 2], [1, 1]], (byte[][])[pairs[1].First.Read(), pairs[1].Second.Read()]);
        Assert.Equal([1, 1], (double[])[pairs[0].Label, pairs[1].Label]);
        Assert.Contains("row 1: the image in jpg_1", pairs[1].First.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Parquet_WhenARowIsInTheMiddleOfAGroup_GivesItsOwnImages()
    {
        PickAPicFile.Write(folder.Path("a.parquet"), [.. Enumerable.Range(0, 9).Select(i => new PreferenceExample($"{i}", [(byte)i], [(byte)(i + 100)], 1, 0))], rowsOfAGroup: 4);
        var pairs = Open(Data("a.parquet"));
        foreach (var i in new[] { 8, 2, 5, 0 }) Assert.Equal(((byte)i, (byte)(i + 100)), (Assert.Single(pairs[i].First.Read()), Assert.Single(pairs[i].Second.Read())));
    }

    [Theory]
    [InlineData(TieRule.Drop, "won")]
    [InlineData(TieRule.Judged, "won")]
    [InlineData(TieRule.Keep, "won, tie")]
    public void Parquet_WhenThereAreTies_FollowsTheRule(TieRule ties, string expected)
    {
        // The writer says of ties that nobody judged them.
        PickAPicFile.Write(folder.Path("a.parquet"), [Row("won", 1), Row("tie", 0.5)]);
        Assert.Equal(expected, string.Join(", ", Captions(Open(Data() with { Ties = ties }))));
    }

    [Theory]
    [InlineData(0.3, 0.7)]
    [InlineData(1, 1)]
    [InlineData(2, -1)]
    [InlineData(double.NaN, 0)]
    public void Parquet_WhenLabelsAreNone_NamesFileRowAndValues(double label0, double label1)
    {
        PickAPicFile.Write(folder.Path("a.parquet"), [Row("won", 1), Row("wrong", label0, label1)]);
        var problem = OnlyProblem(Data());
        Assert.Contains(FormattableString.Invariant($"1 rows with labels that are no preference: '{folder.Path("a.parquet")}', row 1: label_0 {label0}, label_1 {label1}"), problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Parquet_WhenColumnsAreMissing_NamesThem()
    {
        using (var writer = new ParquetSharp.ParquetFileWriter(folder.Path("a.parquet"), [new ParquetSharp.Column<string>("caption"), new ParquetSharp.Column<string>("image_0_url")]))
        {
            using var group = writer.AppendRowGroup();
            for (var i = 0; i < 2; i++)
                using (var column = group.NextColumn().LogicalWriter<string>()) column.WriteBatch(["a"]);
        }
        var problem = OnlyProblem(Data());
        Assert.Contains("lacks the columns jpg_0, jpg_1, label_0, label_1", problem, StringComparison.Ordinal);
        Assert.Contains("names its images but does not hold them", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Folder_WhenExtensionsDiffer_PairsByName()
    {
        WriteSides("w/b.png", "l/b.JPG", "w/a.x.webp", "l/a.x.png", "w/.hidden.png", "w/notes.md");
        folder.Write("w/b.txt", "\uFEFF a cat \n");
        var pairs = Open(Data());
        Assert.Equal(["", "a cat"], Captions(pairs));
        Assert.Equal(1, pairs.WithoutCaption);
        Assert.Equal($"'{folder.Path("l/b.JPG")}'", pairs[1].Second.ToString());
    }

    [Fact]
    public void Folder_WhenTwinsAreMissing_NamesTheFirstTwentyAndTheCount()
    {
        WriteSides("w/both.png", "l/both.png", "l/alone.png");
        foreach (var i in Enumerable.Range(10, 23)) WriteSides($"w/{i}.png");
        List<Problem> problems = [];
        Assert.Equal(1, PairDataset.Open(Data(), problems).Count);
        Assert.Equal(2, problems.Count);
        Assert.StartsWith("23 images in w/ without their twin in l/: w/10.png; w/11.png;", problems[0].Found, StringComparison.Ordinal);
        Assert.EndsWith("w/29.png; and 3 more", problems[0].Found, StringComparison.Ordinal);
        Assert.Equal("1 images in l/ without their twin in w/: l/alone.png", problems[1].Found);
    }

    [Fact]
    public void Folder_WhenASideIsMissing_SaysSo()
    {
        WriteSides("w/a.png");
        List<Problem> problems = [];
        PairDataset.Open(Data(), problems);
        Assert.Contains("without l/", problems[0].Found, StringComparison.Ordinal);
    }

    [Fact]
    public void Folder_WhenANameIsThereTwice_NamesBothFiles()
    {
        WriteSides("w/a.png", "w/a.jpg", "l/a.png");
        Assert.Contains($"1 images of one name: '{folder.Path("w/a.jpg")}' and '{folder.Path("w/a.png")}'", OnlyProblem(Data()), StringComparison.Ordinal);
    }

    [Fact]
    public void Folder_WhenAnImageIsOfAKindThatIsNotRead_SaysSo()
    {
        WriteSides("w/a.png", "l/a.png", "w/b.tiff", "l/b.tiff");
        Assert.Contains("2 images of a kind that is not read", OnlyProblem(Data()), StringComparison.Ordinal);
    }

    [Fact]
    public void Folder_WhenACaptionIsNoUtf8_NamesTheFile()
    {
        WriteSides("w/a.png", "l/a.png");
        folder.Write("w/a.txt", [0xFF, 0xFE, 0x41]);
        Assert.Contains($"1 captions that are no text: '{folder.Path("w/a.txt")}'", OnlyProblem(Data()), StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_WhenFieldsHaveEitherName_ReadsThem()
    {
        WriteSides("a.png", "sub/b.png");
        folder.Write("pairs.jsonl", """
            {"caption": "one", "win": "a.png", "lose": "sub/b.png"}

            {"prompt": "two", "chosen": "a.png", "rejected": "sub/b.png", "label": 0}
            {"prompt": "three", "chosen": "a.png", "rejected": "sub/b.png", "label_0": 0.5}
            """);
        var pairs = Open(Data("pairs.jsonl") with { Ties = TieRule.Keep });
        Assert.Equal(["one", "two", "three"], Captions(pairs));
        Assert.Equal([1, 1, 0.5], Enumerable.Range(0, 3).Select(i => pairs[i].Label));
        Assert.Equal($"'{folder.Path("sub/b.png")}'", pairs[1].First.ToString());
    }

    [Theory]
    [InlineData("""{"caption": "one", "win": "a.png", "lose": "gone.png"}""", "1 images that are no files: '{0}', line 1: 'gone.png' (no such file)")]
    [InlineData("""{"caption": "one", "win": "a.png", "lose": "a.png", "label": 0.7}""", "1 rows with a label that is none: '{0}', line 1: 0.7")]
    [InlineData("""{"caption": "one", "win": "a.png"}""", "1 lines that are no pair: '{0}', line 1: it has neither lose nor rejected")]
    [InlineData("""{"caption": 1, "win": "a.png", "lose": "a.png"}""", "1 lines that are no pair: '{0}', line 1: caption is 1; expected a text")]
    [InlineData("[1]", "1 lines that are no pair: '{0}', line 1: it is a Array")]
    [InlineData("{oops", "1 lines that are no pair: '{0}', line 1: 'o' is an invalid start")]
    public void Lines_WhenALineIsWrong_NamesLineAndValue(string line, string expected)
    {
        WriteSides("a.png");
        var path = folder.Write("pairs.jsonl", line + "\n" + """{"caption": "right", "win": "a.png", "lose": "a.png"}""");
        Assert.Contains(expected.Replace("{0}", path, StringComparison.Ordinal), OnlyProblem(Data("pairs.jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public void Opening_WhenNothingIsThere_SaysWhatIsExpected()
    {
        Assert.Contains("which does not exist; expected a parquet file or a folder of them, a folder with w/ and l/, or a .jsonl file", OnlyProblem(Data("nowhere")), StringComparison.Ordinal);
        Assert.Contains("which holds none of these", OnlyProblem(Data()), StringComparison.Ordinal);
        PickAPicFile.Write(folder.Path("ties.parquet"), [Row("tie", 0.5)]);
        Assert.Contains("no pair in", OnlyProblem(Data()), StringComparison.Ordinal);
    }

    [Fact]
    public void Hash_WhenTheDataSetIsCopied_IsTheSame()
    {
        WriteSides("one/w/a.png", "one/l/a.png", "two/w/a.png", "two/l/a.png");
        Assert.Equal(Open(Data("one")).Hash, Open(Data("two")).Hash);
        folder.Write("two/w/a.txt", "another caption");
        Assert.NotEqual(Open(Data("one")).Hash, Open(Data("two")).Hash);
        File.Delete(folder.Path("two/w/a.txt"));
        folder.Write("two/l/a.png", [1, 2, 3, 4]);
        Assert.NotEqual(Open(Data("one")).Hash, Open(Data("two")).Hash);
    }

    [Fact]
    public void Hash_WhenAnImageInAParquetFileIsExchanged_Differs()
    {
        PickAPicFile.Write(folder.Path("a.parquet"), [Row("won", 1)]);
        var before = Open(Data()).Hash;
        PickAPicFile.Write(folder.Path("a.parquet"), [Row("won", 1) with { Image0 = [1, 7] }]);
        Assert.NotEqual(before, Open(Data()).Hash);
    }

    [Fact]
    public void Limit_WhenGiven_KeepsTheFirst()
    {
        PickAPicFile.Write(folder.Path("a.parquet"), [Row("tie", 0.5), Row("one", 1), Row("two", 0), Row("three", 1)]);
        Assert.Equal(["one", "two"], Captions(Open(Data() with { Limit = 2 })));
    }
}
