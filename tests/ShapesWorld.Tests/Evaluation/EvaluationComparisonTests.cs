using SpoActors.ShapesWorld.Evaluation;
using SpoActors.ShapesWorld.Oracles;
using SpoActors.ShapesWorld.World;

namespace SpoActors.ShapesWorld.Tests.Evaluation;

public sealed class EvaluationComparisonTests
{
    static readonly IReadOnlyList<SceneDescription> Prompts = PromptSplit.Validation(1, 24);

    static ImageVerdict[] Verdicts(Quality quality, Func<SceneDescription, bool> isRight) => [.. Prompts.Select(p => new ImageVerdict(p,
        new ImageReading(isRight(p) ? Objects(p) : [], quality), new ImageChecks(0.01, 0.5, 0.8)))];

    static FoundObject[] Objects(SceneDescription prompt) =>
        [.. SceneGenerator.Create(prompt, 1, 1).Objects.Select(o => new FoundObject(o.Colour, o.Shape, o.X, o.Y, o.Radius, 1))];

    static MetricComparison Metric(EvaluationComparison comparison, string name) => comparison.Metrics.Single(m => m.Metric == name);

    [Fact]
    public void Comparison_WhenQualityRises_SaysByHowMuch()
    {
        var comparison = EvaluationComparison.Of(Verdicts(new Quality(Quality.WorstBlur, 0, 0, 1), _ => true), Verdicts(Quality.Best, _ => true), 1);
        Assert.Equal((0.75, 1.0, 0.25), (Metric(comparison, ImageMetric.Aesthetics).Before.Mean, Metric(comparison, ImageMetric.Aesthetics).After!.Mean, Metric(comparison, ImageMetric.Aesthetics).Change!.Mean));
        Assert.Equal(-1, Metric(comparison, "blur").Change!.Mean);
        Assert.False(Metric(comparison, "blur").IsBetterHigher);
        Assert.Equal(0, Metric(comparison, ImageMetric.Strict).Change!.Mean);
    }

    [Fact]
    public void Comparison_WhenOneKindFails_ShowsItInThatKindAlone()
    {
        var comparison = EvaluationComparison.Of(Verdicts(Quality.Best, p => p.Kind != SceneKind.Count), null, 1);
        Assert.Equal(0, Metric(comparison, ImageMetric.Strict + ":count").Before.Mean);
        Assert.Equal(1, Metric(comparison, ImageMetric.Strict + ":position").Before.Mean);
        Assert.Equal(4, Metric(comparison, ImageMetric.Strict + ":position").Images);
        Assert.Equal(20.0 / 24, Metric(comparison, ImageMetric.Strict).Before.Mean, 12);
        Assert.Null(Metric(comparison, ImageMetric.Strict).Change);
    }
}
