using ScottPlot;
using ScottPlot.MultiplotLayouts;
using SkiaSharp;

namespace SpoActors.Trainer.Imaging;

/// <summary>Draws line charts into one picture, in two columns.</summary>
public static class LineCharts
{
    const int Columns = 2, PanelWidth = 480, PanelHeight = 300;

    static readonly Lock Setup = new();
    static bool isSetUp;

    /// <summary>A line; points that are not finite are left out.</summary>
    /// <param name="Name">In the legend.</param>
    /// <param name="Points">From left to right.</param>
    public sealed record Line(string Name, IReadOnlyList<(double X, double Y)> Points);

    /// <summary>A chart of some lines.</summary>
    public sealed record Panel(string Title, string XLabel, IReadOnlyList<Line> Lines);

    /// <summary>A PNG file of the charts.</summary>
    /// <exception cref="ArgumentException">There are none.</exception>
    public static byte[] Draw(IReadOnlyList<Panel> panels)
    {
        if (panels.Count == 0) throw new ArgumentException("there are no charts to draw", nameof(panels));
        UseEmbeddedFont();
        var columns = Math.Min(Columns, panels.Count);
        var rows = (panels.Count + columns - 1) / columns;
        var plots = new Multiplot();
        plots.AddPlots(panels.Count);
        plots.Layout = new Grid(rows, columns);
        foreach (var (plot, panel) in plots.GetPlots().Zip(panels)) Fill(plot, panel);
        return plots.Render(columns * PanelWidth, rows * PanelHeight).GetImageBytes(ImageFormat.Png);
    }

    static void Fill(Plot plot, Panel panel)
    {
        plot.Title(panel.Title, size: 14);
        plot.XLabel(panel.XLabel, size: 12);
        foreach (var line in panel.Lines)
        {
            var points = line.Points.Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y)).ToArray();
            var scatter = plot.Add.Scatter(points.Select(p => p.X).ToArray(), points.Select(p => p.Y).ToArray());
            (scatter.LineWidth, scatter.MarkerSize) = (2, 4);
            if (panel.Lines.Count > 1) scatter.LegendText = line.Name;
        }
        // Beside the lines, so that it never hides one.
        if (panel.Lines.Count > 1) plot.ShowLegend(Edge.Right);
    }

    static void UseEmbeddedFont()
    {
        lock (Setup)
        {
            if (isSetUp) return;
            Fonts.FontResolvers.Insert(0, new EmbeddedFontResolver());
            Fonts.Default = Fonts.Sans = EmbeddedFont.Typeface.FamilyName;
            isSetUp = true;
        }
    }

    sealed class EmbeddedFontResolver : IFontResolver
    {
        // A typeface of its own each time: the asker may dispose it.
        public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) => EmbeddedFont.Load();

        public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => EmbeddedFont.Load();
    }
}
