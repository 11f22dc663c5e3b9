using ParquetSharp;
using SpoActors.Specification;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Tests.Judges;

namespace SpoActors.Trainer.Tests.Datasets;

public sealed class ParquetPairsTests : IDisposable
{
    const int Pairs = 23;

    readonly string folder = Directory.CreateTempSubdirectory("pairs").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    string Write(string name, IEnumerable<PreferenceExample> examples)
    {
        var path = Path.Combine(folder, name);
        PickAPicFile.Write(path, [.. examples], rowsOfAGroup: 4);
        return path;
    }

    PairIndex Index(Func<PreferenceRow, bool>? keep = null)
    {
        if (!File.Exists(Path.Combine(folder, "a.parquet")))
        {
            Write("a.parquet", Enumerable.Range(0, 10).Select(TinyJudge.Example));
            Write("b.parquet", Enumerable.Range(10, Pairs - 10).Select(TinyJudge.Example));
        }
        List<Problem> problems = [];
        var index = PairIndex.Scan([folder], "data.train", problems, [keep ?? (_ => true)])[0];
        Assert.Empty(problems);
        return index;
    }

    static IEnumerable<string> Captions(IReadOnlyList<LabelledPair> pairs) => pairs.Select(p => p.Caption);

    [Fact]
    public void Epoch_WhenItEnds_HasVisitedEveryPairOnceInAnOrderOfItsOwn()
    {
        using var pairs = new ParquetPairs(Index(), seed: 3, mixedRowGroups: 2);
        var first = Captions(pairs.Take(0, Pairs)).ToArray();
        var second = Captions(pairs.Take(Pairs, Pairs)).ToArray();
        Assert.Equal(Pairs, first.Distinct().Count());
        Assert.Equal(first.Order(), second.Order());
        Assert.NotEqual(first, second);
        Assert.NotEqual(first, first.Order());
    }

    [Fact]
    public void Batch_WhenASourceBeginsAtAnyStep_GivesTheSamePairs()
    {
        using var whole = new ParquetPairs(Index(), seed: 3, mixedRowGroups: 2);
        var batches = Enumerable.Range(0, 12).Select(step => Captions(whole.Batch(step, 5)).ToArray()).ToArray();
        foreach (var step in new[] { 7, 4, 11 })
        {
            using var resumed = new ParquetPairs(Index(), seed: 3, mixedRowGroups: 2);
            Assert.Equal(batches[step], Captions(resumed.Batch(step, 5)));
        }
    }

    [Fact]
    public void Scan_WhenCaptionsAreHeldOut_PutsEachOnOneSide()
    {
        var (train, held) = (Index(r => !PairIndex.IsHeldOut(r.Caption, 0.4)), Index(r => PairIndex.IsHeldOut(r.Caption, 0.4)));
        Assert.Equal(Pairs, train.Count + held.Count);
        Assert.InRange(held.Count, 3, 16);
    }

    [Fact]
    public void Scan_WhenNobodyJudgedAPair_LeavesItOut()
    {
        var path = Path.Combine(folder, "unjudged.parquet");
        using (var writer = new ParquetFileWriter(path, [new Column<string>("caption"), new Column<byte[]>("jpg_0"), new Column<byte[]>("jpg_1"),
            new Column<float>("label_0"), new Column<float?>("label_1"), new Column<bool>("has_label")]))
        {
            using var group = writer.AppendRowGroup();
            void Put<T>(T[] values)
            {
                using var column = group.NextColumn().LogicalWriter<T>();
                column.WriteBatch(values);
            }
            Put(new[] { "judged", "tie", "unjudged" });
            Put(new byte[][] { [1], [1], [1] });
            Put(new byte[][] { [1], [1], [1] });
            Put(new[] { 1f, 0.5f, 0f });
            Put(new float?[] { 0, 0.5f, 0 });
            Put(new[] { true, false, false });
        }
        List<Problem> problems = [];
        var indices = PairIndex.Scan([path], "data.train", problems, [_ => true, r => r.HasLabel]);
        Assert.Empty(problems);
        Assert.Equal((2, 1), (indices[0].Count, indices[1].Count));
    }

    [Fact]
    public void Scan_WhenFilesAreWrong_ReportsAllOfThem()
    {
        File.WriteAllText(Path.Combine(folder, "text.parquet"), "not a parquet file, but long enough to be looked into");
        Write("labels.parquet", [TinyJudge.Example(1), TinyJudge.Example(2) with { Label0 = 2, Label1 = -1 }]);
        using (var writer = new ParquetFileWriter(Path.Combine(folder, "columns.parquet"), [new Column<string>("caption")]))
        {
            using var group = writer.AppendRowGroup();
            using var captions = group.NextColumn().LogicalWriter<string>();
            captions.WriteBatch(["a cat"]);
        }
        List<Problem> problems = [];
        PairIndex.Scan([folder, "/nowhere.parquet"], "data.train", problems, [_ => true]);
        Assert.Equal(4, problems.Count);
        Assert.Contains(problems, p => p.Found.Contains("lacks the columns jpg_0, jpg_1, label_0, label_1; it has caption", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.Found.Contains("1 rows of", StringComparison.Ordinal) && p.Found.Contains("row 1: label_0 is 2 and label_1 is -1", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.Found.Contains("cannot be read as a parquet file", StringComparison.Ordinal));
        Assert.Contains(problems, p => p.Found.Contains("'/nowhere.parquet' does not exist", StringComparison.Ordinal));
    }

    [Fact]
    public void Take_WhenAnImageCannotBeDecoded_NamesFileAndRow()
    {
        var path = Write("a.parquet", Enumerable.Range(0, 6).Select(i => i == 5 ? TinyJudge.Example(i) with { Image1 = [1, 2, 3] } : TinyJudge.Example(i)));
        var index = PairIndex.Scan([path], "data.train", [], [_ => true])[0];
        using var strict = new ParquetPairs(index, seed: 3, mixedRowGroups: 2);
        var message = Assert.Throws<InvalidDataException>(() => strict.Take(0, 6)).Message;
        Assert.Contains($"'{path}', row 5: the image in jpg_1 cannot be read as a picture", message, StringComparison.Ordinal);

        using var lenient = new ParquetPairs(index, seed: 3, mixedRowGroups: 2, skipUndecodable: true);
        Assert.Equal((5, 1), (lenient.Take(0, 6).Count, lenient.Skipped));
    }
}
