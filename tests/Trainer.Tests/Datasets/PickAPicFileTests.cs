using ParquetSharp;
using SpoActors.Trainer.Datasets;

namespace SpoActors.Trainer.Tests.Datasets;

public sealed class PickAPicFileTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("pickapic").FullName;

    string File => Path.Combine(folder, "pairs.parquet");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Read_WhenFileWasWritten_GivesTheExamples()
    {
        PreferenceExample[] examples = [new("a cat", [1, 2], [3], 1, 0, 4), new("a dog", [], [5, 6, 7], 0.5, 0.5)];
        PickAPicFile.Write(File, examples);
        var read = PickAPicFile.Read(File).ToList();
        Assert.Equal(examples.Select(e => (e.Caption, e.Label0, e.Label1, e.ExamplesPerPrompt, e.IsTie)), read.Select(e => (e.Caption, e.Label0, e.Label1, e.ExamplesPerPrompt, e.IsTie)));
        Assert.Equal(examples.Select(e => e.Image0), read.Select(e => e.Image0));
        Assert.Equal(examples.Select(e => e.Image1), read.Select(e => e.Image1));
    }

    [Fact]
    public void Read_WhenColumnsAreMissing_NamesThemAndThoseThere()
    {
        using (var writer = new ParquetFileWriter(File, [new Column<string>("caption"), new Column<double>("label_0")]))
        {
            using var group = writer.AppendRowGroup();
            using (var captions = group.NextColumn().LogicalWriter<string>()) captions.WriteBatch(["a cat"]);
            using (var labels = group.NextColumn().LogicalWriter<double>()) labels.WriteBatch([1]);
        }
        var error = Assert.Throws<InvalidDataException>(() => PickAPicFile.Read(File).ToList());
        Assert.Contains("lacks the columns jpg_0, jpg_1, label_1; it has caption, label_0", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, -1)]
    [InlineData(1, 1)]
    [InlineData(double.NaN, 0)]
    public void Read_WhenLabelsAreNoPreference_NamesTheRow(double label0, double label1)
    {
        PickAPicFile.Write(File, [new("a cat", [1], [2], 1, 0), new("a dog", [1], [2], label0, label1)]);
        var error = Assert.Throws<InvalidDataException>(() => PickAPicFile.Read(File).ToList());
        Assert.Contains("row 1", error.Message, StringComparison.Ordinal);
        Assert.Contains("whose sum is 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WhenFileIsNoParquet_SaysSo()
    {
        System.IO.File.WriteAllText(File, "not a parquet file, but long enough to be looked into");
        Assert.Contains("cannot be read as a parquet file", Assert.Throws<InvalidDataException>(() => PickAPicFile.Read(File).ToList()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_WhenFileIsMissing_SaysSo() => Assert.Throws<FileNotFoundException>(() => PickAPicFile.Read(File).ToList());
}
