using System.Globalization;
using System.Text.Json;
using ParquetSharp;
using ParquetSharp.Schema;

namespace SpoActors.Golden.Tests.Data;

/// <summary>Writes a recorded table as the hub's libraries do: every column optional, images as bytes or as a structure of bytes and path.</summary>
static class PickAPicTable
{
    /// <param name="path">The file.</param>
    /// <param name="columns">Names and Arrow types.</param>
    /// <param name="rows">Cells by name; images in base64. A column that no row has is left out.</param>
    /// <param name="fillImages">Give the image columns that no row has an empty image each.</param>
    public static void Write(string path, JsonElement columns, IReadOnlyList<JsonElement> rows, bool fillImages = false)
    {
        var table = columns.EnumerateArray().Select(c => (Name: c[0].GetString()!, Type: c[1].GetString()!))
            .Where(c => (fillImages && c.Type == "binary") || rows.Any(row => row.TryGetProperty(c.Name, out _))).ToArray();
        using var schema = new GroupNode("schema", Repetition.Required, [.. table.Select(c => NodeOf(c.Name, c.Type, IsStructure(rows, c.Name)))]);
        using var properties = new WriterPropertiesBuilder().Build();
        using var writer = new ParquetFileWriter(path, schema, properties);
        using var group = writer.AppendRowGroup();
        foreach (var (name, type) in table)
        {
            var cells = rows.Select(row => row.TryGetProperty(name, out var cell) && cell.ValueKind != JsonValueKind.Null ? cell : (JsonElement?)null).ToArray();
            switch (type)
            {
                case "binary" when IsStructure(rows, name):
                    Put(group, cells, cell => (Nested<byte[]?>?)new Nested<byte[]?>(cell.GetProperty("bytes").GetBytesFromBase64()));
                    Put(group, cells, cell => (Nested<string?>?)new Nested<string?>(cell.GetProperty("path").GetString()));
                    break;
                case "binary": Put(group, cells, cell => cell.GetBytesFromBase64()); break;
                case "string": Put(group, cells, cell => cell.GetString()); break;
                case "bool": Put(group, cells, cell => (bool?)cell.GetBoolean()); break;
                case "int64": Put(group, cells, cell => (long?)cell.GetInt64()); break;
                case "float64": Put(group, cells, cell => (double?)cell.GetDouble()); break;
                default: Put(group, cells, cell => (DateTimeNanos?)new DateTimeNanos(DateTime.Parse(cell.GetString()!, CultureInfo.InvariantCulture))); break;
            }
        }
        writer.Close();
    }

    static bool IsStructure(IReadOnlyList<JsonElement> rows, string column) => rows.Any(row => row.TryGetProperty(column, out var cell) && cell.ValueKind == JsonValueKind.Object);

    static Node NodeOf(string name, string type, bool isStructure) => type switch
    {
        "binary" when isStructure => new GroupNode(name, Repetition.Optional, [NodeOf("bytes", "binary", false), NodeOf("path", "string", false)]),
        "binary" => new PrimitiveNode(name, Repetition.Optional, LogicalType.None(), PhysicalType.ByteArray),
        "string" => new PrimitiveNode(name, Repetition.Optional, LogicalType.String(), PhysicalType.ByteArray),
        "bool" => new PrimitiveNode(name, Repetition.Optional, LogicalType.None(), PhysicalType.Boolean),
        "int64" => new PrimitiveNode(name, Repetition.Optional, LogicalType.None(), PhysicalType.Int64),
        "float64" => new PrimitiveNode(name, Repetition.Optional, LogicalType.None(), PhysicalType.Double),
        "timestamp[ns]" => new PrimitiveNode(name, Repetition.Optional, LogicalType.Timestamp(isAdjustedToUtc: false, TimeUnit.Nanos), PhysicalType.Int64),
        _ => throw new InvalidDataException($"the column {name} is of the type {type}; this writer knows binary, string, bool, int64, float64 and timestamp[ns]"),
    };

    static void Put<T>(RowGroupWriter group, JsonElement?[] cells, Func<JsonElement, T?> convert)
    {
        using var column = group.NextColumn().LogicalWriter<T?>();
        column.WriteBatch([.. cells.Select(cell => cell is { } there ? convert(there) : default)]);
    }
}
