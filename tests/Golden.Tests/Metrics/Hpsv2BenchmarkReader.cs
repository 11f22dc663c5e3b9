using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Evaluation.Metrics;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Metrics;

/// <summary>HPSv2's benchmark from features: scores, runs, styles, the average, and DrawBench.</summary>
public sealed class Hpsv2BenchmarkReader : IGoldenReader
{
    const string DrawBench = "drawbench";

    public string Area => "metrics";

    public bool Understands(GoldenCase golden) => golden.Source.Contains("evaluate_benchmark", StringComparison.Ordinal);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        string[] styles = [.. golden.Config.GetProperty("styles").EnumerateArray().Select(s => s.GetString()!)];
        foreach (var style in styles) check.Close($"scores.{style}", ScoresOf(golden, style));
        var benchmark = Hpsv2Benchmark.Of([.. styles.Select(s => (s, Read(golden, s)))], golden.Config.GetProperty("run").GetInt32());
        foreach (var style in benchmark.Styles)
        {
            check.Close($"run_means.{style.Style}", tensor(style.RunMeans.ToArray()));
            check.Close($"style_mean.{style.Style}", tensor([style.Mean]));
            check.Close($"style_std.{style.Style}", tensor([style.Deviation]));
        }
        check.Close("average", tensor([benchmark.Average]));
        check.Close(DrawBench, tensor([Hpsv2Benchmark.DrawBench(Read(golden, DrawBench))]));
    }

    static Tensor ScoresOf(GoldenCase golden, string style) =>
        Hpsv2Benchmark.Scores(golden.Tensor($"image_features.{style}"), golden.Tensor($"text_features.{style}"));

    static IReadOnlyList<double> Read(GoldenCase golden, string style) => ScoresOf(golden, style).data<double>().ToArray();
}
