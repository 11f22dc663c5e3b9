using System.Globalization;
using System.Net;
using System.Text;
using SpoActors.Client.Console;
using SpoActors.Client.Evaluation;
using SpoActors.Client.Runs;
using SpoActors.Specification;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Imaging;
using SpoActors.Trainer.Runs;
using SpoActors.Trainer.Storage;

namespace SpoActors.Client.Reports;

/// <summary>What is left of a run for people: curves, grids side by side, and one page of HTML that holds everything and needs nothing else.</summary>
static class RunReport
{
    const string Style = """
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em; color: #222 }
        table { border-collapse: collapse; margin: 1em 0 } th, td { border: 1px solid #ccc; padding: .25em .6em; text-align: left; overflow-wrap: anywhere }
        th { background: #f3f3f3 } img { max-width: 100%; border: 1px solid #ddd } pre { background: #f7f7f7; padding: 1em; overflow-x: auto }
        """;

    /// <summary>Writes <c>curves.png</c>, <c>samples/before-after.png</c> and <c>report.html</c> into the run's folder.</summary>
    /// <param name="run">The run's configuration.</param>
    /// <param name="folder">The run's folder, with metrics and grids in it.</param>
    /// <param name="summary">What the command prints as well.</param>
    public static void Write(RunSpecification run, RunFolder folder, RunSummary summary)
    {
        var rounds = File.Exists(folder.MetricsFile) ? MetricsFile.Read(folder.MetricsFile) : [];
        if (TrainingCurves.Draw(rounds) is { } curves) AtomicFile.Write(folder.CurvesFile, curves);
        ComparisonGrid.Write(folder);
        AtomicFile.Write(folder.ReportFile, Encoding.UTF8.GetBytes(Page(run, folder, summary)));
    }

    static string Page(RunSpecification run, RunFolder folder, RunSummary summary)
    {
        var html = new StringBuilder();
        html.Append(CultureInfo.InvariantCulture, $"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{Text(run.Name)}</title>\n<style>\n{Style}</style></head><body>\n");
        html.Append(CultureInfo.InvariantCulture, $"<h1>{Text(run.Name)}</h1>\n<p>Step-by-step preference optimization of {Text(run.Model.Path)}.</p>\n");
        if (summary.Oracle is { } figures) Table(html, OracleTable.Of(figures));
        Picture(html, "Before and after training: the same prompts and seeds", folder.ComparisonGrid);
        Picture(html, "Training", folder.CurvesFile);
        foreach (var table in RunSummary.TrainingTables(summary)) Table(html, table);
        html.Append(CultureInfo.InvariantCulture, $"<h2>Configuration</h2>\n<pre>{Text(SpecificationYaml.Write(run))}</pre>\n</body></html>\n");
        return html.ToString();
    }

    static void Picture(StringBuilder html, string title, string file)
    {
        if (!File.Exists(file)) return;
        html.Append(CultureInfo.InvariantCulture, $"<h2>{Text(title)}</h2>\n<img alt=\"{Text(title)}\" src=\"data:image/png;base64,{Convert.ToBase64String(InputFile.ReadAll(file, PixelImage.LargestFile))}\">\n");
    }

    static void Table(StringBuilder html, OutputTable table)
    {
        html.Append(CultureInfo.InvariantCulture, $"<h2>{Text(table.Title ?? "")}</h2>\n<table>\n<tr>{Cells("th", table.Columns)}</tr>\n");
        foreach (var row in table.Rows) html.Append(CultureInfo.InvariantCulture, $"<tr>{Cells("td", row)}</tr>\n");
        html.Append("</table>\n");
    }

    static string Cells(string tag, IEnumerable<string> cells) => string.Concat(cells.Select(c => $"<{tag}>{Text(c)}</{tag}>"));

    static string Text(string text) => WebUtility.HtmlEncode(text);
}
