using System.Globalization;
using System.Text.RegularExpressions;
using ParquetSharp;
using SpoActors.Specification;
using SpoActors.Specification.Texts;

namespace SpoActors.Trainer.Datasets;

/// <summary>An open parquet file of preferences, read a row group at a time. See <see cref="PickAPicFile"/> for the layout.</summary>
public sealed partial class PickAPicReader : IDisposable
{
    /// <summary>Rows of a group: writers make them of some 100,000 at most, since a group is read at once.</summary>
    const long MostRows = 4_000_000;

    readonly ParquetFileReader reader;
    readonly Dictionary<string, int> columns;

    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">It is no parquet file, or lacks columns.</exception>
    public PickAPicReader(string path)
    {
        Path = path;
        reader = Open(path);
        try
        {
            columns = FindColumns();
        }
        catch
        {
            reader.Dispose();
            throw;
        }
    }

    public string Path { get; }

    public int RowGroups => reader.FileMetaData.NumRowGroups;

    /// <summary>Captions and labels of a row group; the images are not read.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public IReadOnlyList<PreferenceRow> Rows(int rowGroup) => Reading(rowGroup, () => ReadRows(rowGroup));

    IReadOnlyList<PreferenceRow> ReadRows(int rowGroup)
    {
        using var group = reader.RowGroup(rowGroup);
        var rows = RowsOf(group, rowGroup);
        var captions = Get<string>(group, PickAPicFile.Caption, rows);
        var (label0, label1) = (GetNumbers(group, PickAPicFile.Label0, rows)!, GetNumbers(group, PickAPicFile.Label1, rows)!);
        var (counts, labelled) = (GetNumbers(group, PickAPicFile.Examples, rows), GetNumbers(group, PickAPicFile.HasLabel, rows));
        var different = GetNumbers(group, PickAPicFile.AreDifferent, rows);
        var (models0, models1) = (GetTexts(group, PickAPicFile.Model0, rows), GetTexts(group, PickAPicFile.Model1, rows));
        return [.. Enumerable.Range(0, rows).Select(i => new PreferenceRow(captions[i] ?? "", label0[i], label1[i],
            labelled is null ? label0[i] != label1[i] : labelled[i] == 1, counts is null ? 1 : Math.Max(1, (int)counts[i]),
            different is null || different[i] == 1, models0?[i] ?? "", models1?[i] ?? ""))];
    }

    /// <summary>The encoded images of a row group.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public IReadOnlyList<(byte[] First, byte[] Second)> Images(int rowGroup) => Reading(rowGroup, () => ReadImages(rowGroup));

    IReadOnlyList<(byte[] First, byte[] Second)> ReadImages(int rowGroup)
    {
        using var group = reader.RowGroup(rowGroup);
        var rows = RowsOf(group, rowGroup);
        return [.. Get<byte[]>(group, PickAPicFile.Image0, rows).Zip(Get<byte[]>(group, PickAPicFile.Image1, rows), (a, b) => (a ?? [], b ?? []))];
    }

    /// <summary>One encoded image.</summary>
    /// <param name="rowGroup">Its row group.</param>
    /// <param name="row">Its row in that.</param>
    /// <param name="column"><c>jpg_0</c> or <c>jpg_1</c>.</param>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public byte[] Image(int rowGroup, int row, string column) => Reading(rowGroup, () => ReadImage(rowGroup, row, column));

    byte[] ReadImage(int rowGroup, int row, string column)
    {
        using var group = reader.RowGroup(rowGroup);
        using var logical = Open<byte[]>(group, column);
        logical.Skip(row);
        var image = new byte[1][];
        logical.ReadBatch(image.AsSpan());
        return image[0] ?? [];
    }

    public void Dispose() => reader.Dispose();

    static ParquetFileReader Open(string path)
    {
        if (!File.Exists(path)) throw new FileNotFoundException($"The preference file '{path}' does not exist.", path);
        if (RegularFile.Obstacle(path) is { } obstacle) throw new InvalidDataException($"'{path}' is {obstacle}; expected a parquet file.");
        try
        {
            return new ParquetFileReader(path);
        }
        catch (ParquetException e)
        {
            throw new InvalidDataException($"'{path}' cannot be read as a parquet file: {Reason(e)}", e);
        }
    }

    Dictionary<string, int> FindColumns()
    {
        var names = Enumerable.Range(0, reader.FileMetaData.NumColumns).Select(i => reader.FileMetaData.Schema.Column(i).Path.ToDotString()).ToArray();
        if (names.GroupBy(n => n, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new InvalidDataException($"'{Path}' has {twice.Count()} columns '{PlainText.OneLine(twice.Key)}'; expected one of a name.");
        var present = names.Index().ToDictionary(c => c.Item, c => c.Index, StringComparer.Ordinal);
        var found = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var name in PickAPicFile.Needed.Concat(PickAPicFile.Optional))
            // Images written by the datasets library are a structure of their bytes and a path.
            if (present.TryGetValue(name, out var at) || present.TryGetValue(name + ".bytes", out at)) found[name] = at;
        var missing = PickAPicFile.Needed.Where(c => !found.ContainsKey(c)).ToArray();
        return missing.Length == 0 ? found : throw new InvalidDataException(
            $"'{Path}' lacks the column{(missing.Length > 1 ? "s" : "")} {string.Join(", ", missing)}; it has {PlainText.OneLine(string.Join(", ", present.Keys))}. Expected Pick-a-Pic's layout" +
            (present.ContainsKey(PickAPicFile.Address) ? "; this file names its images but does not hold them: take the data set's version with images." : "."));
    }

    /// <summary>What the native reader finds wrong comes in many types of exceptions, plain Exception among them.</summary>
    T Reading<T>(int rowGroup, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception e) when (e is not (InvalidDataException or IOException or UnauthorizedAccessException or OutOfMemoryException))
        {
            throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"'{Path}', row group {rowGroup}, cannot be read: {Reason(e)}"), e);
        }
    }

    /// <summary>The native reader's messages begin with the mangled name of a C++ class.</summary>
    static string Reason(Exception e) => PlainText.OneLine(NativeMessage().Match(e.Message) is { Success: true } native ? native.Groups[1].Value : e.Message);

    [GeneratedRegex(@"^\S+ \(message: '(.*)'\)\z", RegexOptions.Singleline)]
    private static partial Regex NativeMessage();

    int RowsOf(RowGroupReader group, int rowGroup) => group.MetaData.NumRows is >= 0 and <= MostRows and var rows
        ? (int)rows
        : throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"'{Path}', row group {rowGroup}, has {group.MetaData.NumRows:N0} rows; at most {MostRows:N0} are read. Write smaller groups."));

    T[] Get<T>(RowGroupReader group, string column, int rows)
    {
        using var logical = Open<T>(group, column);
        return logical.ReadAll(rows);
    }

    /// <summary>Texts, empty where null; null where there is no such column.</summary>
    string[]? GetTexts(RowGroupReader group, string column, int rows) =>
        columns.ContainsKey(column) ? [.. Get<string>(group, column, rows).Select(text => text ?? "")] : null;

    LogicalColumnReader<T> Open<T>(RowGroupReader group, string column)
    {
        try
        {
            return group.Column(columns[column]).LogicalReader<T>();
        }
        catch (InvalidCastException e)
        {
            throw new InvalidDataException($"'{Path}': the column {column} does not hold {(typeof(T) == typeof(string) ? "texts" : "encoded images")}.", e);
        }
    }

    /// <summary>Numbers of whatever width they were written in, nullable or not; null where there is no such column.</summary>
    double[]? GetNumbers(RowGroupReader group, string column, int rows)
    {
        if (!columns.TryGetValue(column, out var at)) return null;
        using var logical = group.Column(at).LogicalReader();
        return logical.Apply(new NumberVisitor(rows));
    }

    sealed class NumberVisitor(int rows) : ILogicalColumnReaderVisitor<double[]>
    {
        public double[] OnLogicalColumnReader<TValue>(LogicalColumnReader<TValue> reader) => [.. reader.ReadAll(rows).Select(v =>
            v is null ? double.NaN : Convert.ToDouble(v, CultureInfo.InvariantCulture))];
    }
}
