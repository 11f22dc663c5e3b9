using ParquetSharp;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Datasets;

/// <summary>
/// Parquet files of preferences in the layout of Pick-a-Pic (arXiv 2305.01569): <c>caption</c>, <c>jpg_0</c>, <c>jpg_1</c> (any encoded
/// picture), <c>label_0</c>, <c>label_1</c>, and, where there are such, <c>num_example_per_prompt</c>, <c>has_label</c>,
/// <c>are_different</c>, <c>model_0</c> and <c>model_1</c>. Further columns are ignored.
/// </summary>
public static class PickAPicFile
{
    internal const string Caption = "caption", Image0 = "jpg_0", Image1 = "jpg_1", Label0 = "label_0", Label1 = "label_1",
        Examples = "num_example_per_prompt", HasLabel = "has_label",
        AreDifferent = "are_different", Model0 = "model_0", Model1 = "model_1", Address = "image_0_url";

    internal static readonly string[] Needed = [Caption, Image0, Image1, Label0, Label1];

    internal static readonly string[] Optional = [Examples, HasLabel, AreDifferent, Model0, Model1];

    /// <summary>Writes a file; a crash leaves no half of it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="examples">Its rows.</param>
    /// <param name="rowsOfAGroup">Rows that a reader decodes together.</param>
    public static void Write(string path, IReadOnlyList<PreferenceExample> examples, int rowsOfAGroup = int.MaxValue) => AtomicFile.Write(path, stream =>
    {
        using var buffer = new MemoryStream();
        Column[] columns =
        [
            new Column<string>(Caption), new Column<byte[]>(Image0), new Column<byte[]>(Image1),
            new Column<double>(Label0), new Column<double>(Label1), new Column<long>(Examples), new Column<bool>(HasLabel),
        ];
        using (var writer = new ParquetFileWriter(buffer, columns, compression: Compression.Snappy, leaveOpen: true))
        {
            foreach (var rows in examples.Chunk(rowsOfAGroup))
            {
                using var group = writer.AppendRowGroup();
                Put(group, [.. rows.Select(e => e.Caption)]);
                Put(group, [.. rows.Select(e => e.Image0)]);
                Put(group, [.. rows.Select(e => e.Image1)]);
                Put(group, [.. rows.Select(e => e.Label0)]);
                Put(group, [.. rows.Select(e => e.Label1)]);
                Put(group, [.. rows.Select(e => (long)e.ExamplesPerPrompt)]);
                Put(group, [.. rows.Select(e => !e.IsTie)]);
            }
            writer.Close();
        }
        buffer.Position = 0;
        buffer.CopyTo(stream);
    });

    /// <summary>Reads a file, a row group at a time; rows that nobody judged and that hold no tie are left out.</summary>
    /// <exception cref="InvalidDataException">It is no parquet file, lacks columns, or holds a label that is no preference.</exception>
    public static IEnumerable<PreferenceExample> Read(string path)
    {
        using var reader = new PickAPicReader(path);
        var first = 0L;
        for (var g = 0; g < reader.RowGroups; g++)
        {
            var (rows, images) = (reader.Rows(g), reader.Images(g));
            for (var i = 0; i < rows.Count; i++)
            {
                if (rows[i].IsWrong) throw new InvalidDataException($"'{path}', {DescribeLabels(first + i, rows[i])}");
                if (rows[i] is { IsPreference: true } row)
                    yield return new PreferenceExample(row.Caption, images[i].First, images[i].Second, row.Label0, row.Label1, row.ExamplesPerPrompt);
            }
            first += rows.Count;
        }
    }

    /// <summary>What is wrong with a row's labels.</summary>
    internal static string DescribeLabels(long row, PreferenceRow labels) => FormattableString.Invariant(
        $"row {row}: {Label0} is {labels.Label0} and {Label1} is {labels.Label1}; expected two numbers of 0 to 1 whose sum is 1.");

    static void Put<T>(RowGroupWriter group, T[] values)
    {
        using var column = group.NextColumn().LogicalWriter<T>();
        column.WriteBatch(values);
    }
}
