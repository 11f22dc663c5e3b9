namespace SpoActors.ShapesWorld.Commands;

/// <summary>Tables as columns of padded text.</summary>
static class PlainTable
{
    public static Action<ShapesTable> Write(TextWriter writer) => table =>
    {
        var rows = table.Rows.Prepend(table.Columns).ToArray();
        var widths = Enumerable.Range(0, table.Columns.Count).Select(c => rows.Max(r => r[c].Length)).ToArray();
        writer.WriteLine(table.Title);
        foreach (var row in rows) writer.WriteLine("  " + string.Join("  ", row.Select((cell, c) => cell.PadRight(widths[c]))).TrimEnd());
    };
}
