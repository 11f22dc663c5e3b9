using System.Globalization;
using SpoActors.ShapesWorld.Evaluation;

namespace SpoActors.ShapesWorld.Commands;

/// <summary>An evaluation as a table.</summary>
static class EvaluationTables
{
    public static IEnumerable<ShapesTable> Of(EvaluationComparison comparison)
    {
        var isPaired = comparison.Metrics.Any(m => m.After is not null);
        yield return new("Held-out prompts, means with 95 % intervals", isPaired ? ["metric", "images", "before", "after", "change"] : ["metric", "images", "mean"],
            [.. comparison.Metrics.Select(m => (IReadOnlyList<string>)(isPaired
                ? [m.Metric, Text(m.Images), Text(m.Before), Text(m.After!), Text(m.Change!, signed: true)]
                : [m.Metric, Text(m.Images), Text(m.Before)]))]);
    }

    public static string Text(Estimate e, bool signed = false)
    {
        return $"{Number(e.Mean)} [{Number(e.Low)}, {Number(e.High)}]";

        // Adding zero takes the sign off what rounds to it.
        string Number(double value) => (Math.Round(value, 4) + 0.0).ToString(signed ? "+0.0000;-0.0000" : "0.0000", CultureInfo.InvariantCulture);
    }

    static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
