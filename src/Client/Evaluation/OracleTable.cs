using System.Globalization;
using SpoActors.Client.Console;
using SpoActors.Trainer.Evaluation;

namespace SpoActors.Client.Evaluation;

/// <summary>An oracle's figures as a table.</summary>
static class OracleTable
{
    public static OutputTable Of(OracleFigures figures) => new(
        string.Create(CultureInfo.InvariantCulture, $"Oracle on {figures.Prompts} held-out prompts, 95 % intervals (paired bootstrap)"),
        ["metric", "before", "after", "change", ""],
        [.. figures.Metrics.Select(m => (IReadOnlyList<string>)[m.Metric, Text(m.Before), Text(m.After), Text(m.Change, signed: true), Verdict(m)])]);

    /// <summary>Better or worse only where the interval of the change excludes zero.</summary>
    static string Verdict(OracleMetric metric) => metric.Change switch
    {
        { Low: > 0 } => metric.IsBetterHigher ? "better" : "worse",
        { High: < 0 } => metric.IsBetterHigher ? "worse" : "better",
        _ => "",
    };

    static string Text(OracleInterval interval, bool signed = false)
    {
        return $"{Number(interval.Mean)} [{Number(interval.Low)}, {Number(interval.High)}]";

        // Adding zero takes the sign off what rounds to it.
        string Number(double value) => (Math.Round(value, 4) + 0.0).ToString(signed ? "+0.0000;-0.0000" : "0.0000", CultureInfo.InvariantCulture);
    }
}
