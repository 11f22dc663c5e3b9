using static TorchSharp.torch;

namespace SpoActors.Trainer.Evaluation.Metrics;

/// <summary>HPSv2's benchmark (Wu et al., arXiv 2306.09341; <c>evaluation.py</c>): scores of images of several styles, and how they are averaged.</summary>
/// <param name="Styles">In the order given.</param>
/// <param name="Average">Mean over all images of all styles: a style counts by its images.</param>
public sealed record Hpsv2Benchmark(IReadOnlyList<Hpsv2Style> Styles, double Average)
{
    /// <summary>So many scores, in prompt order, make one run.</summary>
    public const int PublishedRun = 80;

    /// <summary>Scores, float64, [B]: 100 times the cosine of each image and its own text, without the model's temperature.</summary>
    /// <param name="image_BP">Normalised image features.</param>
    /// <param name="text_BP">Normalised text features.</param>
    public static Tensor Scores(Tensor image_BP, Tensor text_BP)
    {
        using var scope = NewDisposeScope();
        return (100 * (image_BP.to_type(ScalarType.Float64) * text_BP.to_type(ScalarType.Float64)).sum(-1)).MoveToOuterDisposeScope();
    }

    /// <summary>The benchmark's numbers.</summary>
    /// <param name="styles">Scores of each style, in prompt order; missing images are left out and the rest move up.</param>
    /// <param name="run">Scores of one run; the published benchmark has <see cref="PublishedRun"/>.</param>
    /// <exception cref="ArgumentException">There is no style, or one without scores.</exception>
    public static Hpsv2Benchmark Of(IReadOnlyList<(string Style, IReadOnlyList<double> Scores)> styles, int run = PublishedRun)
    {
        if (styles.Count == 0) throw new ArgumentException("HPSv2's benchmark needs at least one style; got none.", nameof(styles));
        return new Hpsv2Benchmark([.. styles.Select(s => Hpsv2Style.Of(s.Style, s.Scores, run))], styles.SelectMany(s => s.Scores).Average());
    }

    /// <summary>The number of HPSv2's DrawBench evaluation: the mean of the scores, without runs.</summary>
    public static double DrawBench(IReadOnlyList<double> scores) => scores.Average();
}

/// <summary>The images of one style.</summary>
/// <param name="Style">anime, concept-art, paintings or photo in the published benchmark.</param>
/// <param name="RunMeans">Mean of each run; a short last one weighs as much as the others.</param>
/// <param name="Mean">Mean of the runs' means.</param>
/// <param name="Deviation">Their population standard deviation; 0 where there is one.</param>
public sealed record Hpsv2Style(string Style, IReadOnlyList<double> RunMeans, double Mean, double Deviation)
{
    internal static Hpsv2Style Of(string style, IReadOnlyList<double> scores, int run)
    {
        if (scores.Count == 0) throw new ArgumentException($"The style {style} has no scores.", nameof(scores));
        var means = scores.Chunk(run).Select(r => r.Average()).ToArray();
        var mean = means.Average();
        return new Hpsv2Style(style, means, mean, Math.Sqrt(means.Average(m => (m - mean) * (m - mean))));
    }
}
