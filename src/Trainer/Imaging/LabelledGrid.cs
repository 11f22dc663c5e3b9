using SkiaSharp;

namespace SpoActors.Trainer.Imaging;

/// <summary>Draws pictures in rows, each row under its label.</summary>
public static class LabelledGrid
{
    const int Gap = 4, MostLines = 3, SmallestCell = 128;
    const float FontSize = 13, LineHeight = 17;

    /// <summary>A row of pictures and what to write above it.</summary>
    public sealed record Row(string Label, IReadOnlyList<PixelImage> Images);

    /// <summary>Size of a grid of these rows under column labels, in pixels, if all labels took all lines they may.</summary>
    public static (long Height, long Width) MostSize(IReadOnlyList<Row> rows, int smallestCell = SmallestCell)
    {
        var images = rows.SelectMany(r => r.Images).ToArray();
        if (images.Length == 0) return (0, 0);
        var (cellWidth, cellHeight) = (images.Max(i => i.Width), images.Max(i => i.Height));
        long scale = Math.Max(1, (int)Math.Ceiling((double)smallestCell / Math.Max(cellWidth, cellHeight)));
        return (Gap + (long)LineHeight + rows.Count * ((MostLines * (long)LineHeight) + (cellHeight * scale) + (2 * Gap)), Gap + rows.Max(r => r.Images.Count) * ((cellWidth * scale) + Gap));
    }

    /// <summary>Draws the grid, white between the pictures.</summary>
    /// <param name="rows">From top to bottom; pictures of any sizes.</param>
    /// <param name="columnLabels">Written above the first row, or null.</param>
    /// <param name="smallestCell">Smaller pictures are enlarged to this side without smoothing, so that labels fit beside them.</param>
    public static PixelImage Draw(IReadOnlyList<Row> rows, IReadOnlyList<string>? columnLabels = null, int smallestCell = SmallestCell)
    {
        if (rows.Count == 0 || rows.All(r => r.Images.Count == 0)) throw new ArgumentException("there are no pictures to draw", nameof(rows));
        using var font = new SKFont(EmbeddedFont.Typeface, FontSize) { Edging = SKFontEdging.Antialias };
        var images = rows.SelectMany(r => r.Images).ToArray();
        var (cellWidth, cellHeight) = (images.Max(i => i.Width), images.Max(i => i.Height));
        var scale = Math.Max(1, (int)Math.Ceiling((double)smallestCell / Math.Max(cellWidth, cellHeight)));
        (cellWidth, cellHeight) = (cellWidth * scale, cellHeight * scale);
        var width = Gap + rows.Max(r => r.Images.Count) * (cellWidth + Gap);
        var labels = rows.Select(r => Wrap(r.Label, font, width - 2 * Gap)).ToArray();
        var header = columnLabels is null ? 0 : LineHeight;
        var height = (int)Math.Ceiling(Gap + header + labels.Sum(l => l.Count * LineHeight + cellHeight + 2 * Gap));

        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using var canvas = new SKCanvas(bitmap);
        using var ink = new SKPaint { Color = SKColors.Black, IsAntialias = true };
        canvas.Clear(SKColors.White);
        for (int c = 0; c < columnLabels?.Count; c++)
            Write(Wrap(columnLabels[c], font, cellWidth)[0], Gap + c * (cellWidth + Gap), 0);
        float top = header + Gap;
        for (int r = 0; r < rows.Count; r++)
        {
            foreach (var line in labels[r])
            {
                Write(line, Gap, top - Gap / 2f);
                top += LineHeight;
            }
            for (int c = 0; c < rows[r].Images.Count; c++)
            {
                var image = rows[r].Images[c];
                using var picture = image.ToBitmap();
                var left = Gap + c * (cellWidth + Gap);
                canvas.DrawBitmap(picture, SKRect.Create(left, top, image.Width * scale, image.Height * scale), new SKSamplingOptions(SKFilterMode.Nearest));
            }
            top += cellHeight + 2 * Gap;
        }
        canvas.Flush();
        return bitmap.ToPixelImage();

        void Write(string text, float left, float lineTop) => canvas.DrawText(text, left, lineTop + FontSize, SKTextAlign.Left, font, ink);
    }

    /// <summary>Breaks a label into lines at spaces; what does not fit into the last line ends in an ellipsis.</summary>
    static List<string> Wrap(string label, SKFont font, float width)
    {
        var lines = new List<string>();
        var words = new Queue<string>(label.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        while (words.Count > 0 && lines.Count < MostLines)
        {
            var line = words.Dequeue();
            while (words.Count > 0 && font.MeasureText($"{line} {words.Peek()}") <= width) line += " " + words.Dequeue();
            lines.Add(Shorten(lines.Count == MostLines - 1 && words.Count > 0 ? line + " …" : line, font, width));
        }
        return lines.Count > 0 ? lines : [""];
    }

    static string Shorten(string line, SKFont font, float width)
    {
        if (font.MeasureText(line) <= width) return line;
        var fitting = line.TrimEnd('…', ' ');
        while (fitting.Length > 1 && font.MeasureText(fitting + "…") > width)
            fitting = fitting[..^(char.IsLowSurrogate(fitting[^1]) && fitting.Length > 2 ? 2 : 1)];
        return fitting + "…";
    }
}
