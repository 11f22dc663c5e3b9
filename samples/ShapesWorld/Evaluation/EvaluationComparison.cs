using SpoActors.ShapesWorld.World;

namespace SpoActors.ShapesWorld.Evaluation;

/// <summary>One metric before and after.</summary>
/// <param name="Metric">Its name; an alignment by kind has the kind's name after a colon.</param>
/// <param name="Images">Images that it is a mean of.</param>
/// <param name="IsBetterHigher">Whether more is better.</param>
/// <param name="Before">Without the LoRA.</param>
/// <param name="After">With it; null where only one model was measured.</param>
/// <param name="Change">After minus before, image by image.</param>
public sealed record MetricComparison(string Metric, int Images, bool IsBetterHigher, Estimate Before, Estimate? After, Estimate? Change);

/// <summary>A model's figures, or those of two models on the same prompts and seeds.</summary>
public sealed record EvaluationComparison(IReadOnlyList<MetricComparison> Metrics)
{
    /// <param name="before">Verdicts without the LoRA.</param>
    /// <param name="after">Verdicts with it, image by image, or null.</param>
    /// <param name="seed">Of the intervals.</param>
    public static EvaluationComparison Of(IReadOnlyList<ImageVerdict> before, IReadOnlyList<ImageVerdict>? after, ulong seed)
    {
        var metrics = Compare(ImageMetric.All, "", before, after, seed).ToList();
        var strict = ImageMetric.All.Single(m => m.Name == ImageMetric.Strict);
        foreach (var kind in Enum.GetValues<SceneKind>())
        {
            var at = Enumerable.Range(0, before.Count).Where(i => before[i].Prompt.Kind == kind).ToArray();
            if (at.Length == 0) continue;
            metrics.AddRange(Compare([strict], ":" + kind.ToString().ToLowerInvariant(), [.. at.Select(i => before[i])], after is null ? null : [.. at.Select(i => after[i])], seed));
        }
        return new EvaluationComparison(metrics);
    }

    static IEnumerable<MetricComparison> Compare(
        IReadOnlyList<ImageMetric> metrics, string suffix, IReadOnlyList<ImageVerdict> before, IReadOnlyList<ImageVerdict>? after, ulong seed)
    {
        var series = new List<double[]>();
        foreach (var metric in metrics)
        {
            series.Add([.. before.Select(metric.Of)]);
            if (after is null) continue;
            series.Add([.. after.Select(metric.Of)]);
            series.Add([.. before.Zip(after, (b, a) => metric.Of(a) - metric.Of(b))]);
        }
        var estimates = Bootstrap.Estimate(series, seed);
        var each = after is null ? 1 : 3;
        return metrics.Select((metric, m) => new MetricComparison(metric.Name + suffix, before.Count, metric.IsBetterHigher,
            estimates[m * each], after is null ? null : estimates[m * each + 1], after is null ? null : estimates[m * each + 2]));
    }
}
