using ParquetSharp;
using SpoActors.Trainer.Checkpoints;

namespace SpoActors.Trainer.Preference.Data;

/// <summary>
/// Parquet files of preferences in the layout of Pick-a-Pic (arXiv 2305.01569): <c>caption</c>, <c>jpg_0</c>, <c>jpg_1</c> (any encoded
/// picture), <c>label_0</c>, <c>label_1</c>, and, where there is one, <c>num_example_per_prompt</c>. Further columns are ignored.
/// </summary>
public static class PickAPicFile
{
    const string Caption = "caption", Image0 = "jpg_0", Image1 = "jpg_1", Label0 = "label_0", Label1 = "label_1", Examples = "num_example_per_prompt";

    static readonly string[] Needed = [Caption, Image0, Image1, Label0, Label1];

    /// <summary>Writes a file of one row group; a crash leaves no half of it.</summary>
    public static void Write(string path, IReadOnlyList<PreferenceExample> examples) => AtomicFile.Write(path, stream =>
    {
        using var buffer = new MemoryStream();
        Column[] columns =
        [
            new Column<string>(Caption), new Column<byte[]>(Image0), new Column<byte[]>(Image1),
            new Column<double>(Label0), new Column<double>(Label1), new Column<long>(Examples),
        ];
        using (var writer = new ParquetFileWriter(buffer, columns, compression: Compression.Snappy, leaveOpen: true))
        {
            using (var group = writer.AppendRowGroup())
            {
                Put(group, [.. examples.Select(e => e.Caption)]);
                Put(group, [.. examples.Select(e => e.Image0)]);
                Put(group, [.. examples.Select(e => e.Image1)]);
                Put(group, [.. examples.Select(e => e.Label0)]);
                Put(group, [.. examples.Select(e => e.Label1)]);
                Put(group, [.. examples.Select(e => (long)e.ExamplesPerPrompt)]);
            }
            writer.Close();
        }
        buffer.Position = 0;
        buffer.CopyTo(stream);
    });

    /// <summary>Reads a file, a row group at a time.</summary>
    /// <exception cref="InvalidDataException">It is no parquet file, lacks columns, or holds a label that is no preference.</exception>
    public static IEnumerable<PreferenceExample> Read(string path)
    {
        using var reader = Open(path);
        var columns = Enumerable.Range(0, reader.FileMetaData.NumColumns).ToDictionary(i => reader.FileMetaData.Schema.Column(i).Path.ToDotString(), StringComparer.Ordinal);
        var missing = Needed.Where(c => !columns.ContainsKey(c)).ToArray();
        if (missing.Length > 0)
            throw new InvalidDataException($"'{path}' lacks the column{(missing.Length > 1 ? "s" : "")} {string.Join(", ", missing)}; it has {string.Join(", ", columns.Keys)}. Expected Pick-a-Pic's layout.");
        var row = 0L;
        for (var g = 0; g < reader.FileMetaData.NumRowGroups; g++)
        {
            using var group = reader.RowGroup(g);
            var rows = checked((int)group.MetaData.NumRows);
            var captions = Get<string>(group, columns[Caption], rows);
            var (first, second) = (Get<byte[]>(group, columns[Image0], rows), Get<byte[]>(group, columns[Image1], rows));
            var (label0, label1) = (GetNumbers(group, columns[Label0], rows), GetNumbers(group, columns[Label1], rows));
            var counts = columns.TryGetValue(Examples, out var at) ? GetNumbers(group, at, rows) : [.. Enumerable.Repeat(1.0, rows)];
            for (var i = 0; i < rows; i++, row++)
            {
                if (!(label0[i] >= 0 && label1[i] >= 0 && Math.Abs(label0[i] + label1[i] - 1) < 1e-6))
                    throw new InvalidDataException($"'{path}', row {row}: {Label0} is {label0[i]} and {Label1} is {label1[i]}; expected two numbers of 0 to 1 whose sum is 1.");
                yield return new PreferenceExample(captions[i], first[i], second[i], label0[i], label1[i], Math.Max(1, (int)counts[i]));
            }
        }
    }

    static ParquetFileReader Open(string path)
    {
        if (!File.Exists(path)) throw new FileNotFoundException($"The preference file '{path}' does not exist.", path);
        try
        {
            return new ParquetFileReader(path);
        }
        catch (ParquetException e)
        {
            throw new InvalidDataException($"'{path}' cannot be read as a parquet file: {e.Message}", e);
        }
    }

    static void Put<T>(RowGroupWriter group, T[] values)
    {
        using var column = group.NextColumn().LogicalWriter<T>();
        column.WriteBatch(values);
    }

    static T[] Get<T>(RowGroupReader group, int column, int rows)
    {
        using var reader = group.Column(column).LogicalReader<T>();
        return reader.ReadAll(rows);
    }

    /// <summary>Numbers of whatever width they were written in, nullable or not.</summary>
    static double[] GetNumbers(RowGroupReader group, int column, int rows)
    {
        using var reader = group.Column(column).LogicalReader();
        return reader.Apply(new NumberVisitor(rows));
    }

    sealed class NumberVisitor(int rows) : ILogicalColumnReaderVisitor<double[]>
    {
        public double[] OnLogicalColumnReader<TValue>(LogicalColumnReader<TValue> reader) => [.. reader.ReadAll(rows).Select(v =>
            v is null ? double.NaN : Convert.ToDouble(v, System.Globalization.CultureInfo.InvariantCulture))];
    }
}
