using System.Globalization;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Method.Selection;
using static TorchSharp.torch;

namespace SpoActors.Golden.Tests.Preference;

/// <summary>Best and worst candidate, the gap between them, and the threshold.</summary>
public sealed class SpmSelectReader : IGoldenReader
{
    const string Scores = "_scores", NamedThreshold = "threshold_";

    public string Area => "preference";

    public bool Understands(GoldenCase golden) => golden.Source.EndsWith("preference_score_compare", StringComparison.Ordinal);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        foreach (var input in golden.Json.GetProperty("inputs").EnumerateObject().Select(i => i.Name).Where(i => i.EndsWith(Scores, StringComparison.Ordinal)))
        {
            var name = input[..^Scores.Length];
            var scores_KB = golden.Tensor(input);
            var selection = PairSelection.BestAndWorst(scores_KB, threshold: 0);
            check.Equal(name + " indices", stack([tensor(selection.Win), tensor(selection.Lose)]), golden.Tensor(name + "_indices"));
            if (golden.Has(name + "_gap"))
            {
                var tolerance = golden.Json.GetProperty("tolerance").TryGetProperty(name + "_gap", out _) ? name + "_gap" : Largest(golden);
                check.Close(name + "_gap", tensor(selection.Gap), golden.Tensor(name + "_gap"), tolerance);
            }
            foreach (var (threshold, valid) in Verdicts(golden, name))
                check.Equal(valid, tensor(PairSelection.BestAndWorst(scores_KB, threshold).IsValid), golden.Tensor(valid));
        }
    }

    // Columns of random scores are judged at every threshold; the others at the one in their name, NaN at the first.
    static IEnumerable<(double Threshold, string Output)> Verdicts(GoldenCase golden, string name)
    {
        foreach (var text in golden.Config.GetProperty("thresholds").EnumerateArray().Select(t => t.GetRawText()))
            if (golden.Has($"{name}_valid_{text}")) yield return (double.Parse(text, CultureInfo.InvariantCulture), $"{name}_valid_{text}");
        if (!golden.Has(name + "_valid")) yield break;
        var threshold = name.StartsWith(NamedThreshold, StringComparison.Ordinal)
            ? double.Parse(name[NamedThreshold.Length..], CultureInfo.InvariantCulture)
            : golden.Config.GetProperty("thresholds")[0].GetDouble();
        yield return (threshold, name + "_valid");
    }

    static string Largest(GoldenCase golden) => golden.Json.GetProperty("tolerance").EnumerateObject()
        .MaxBy(t => t.Value.GetProperty("max_abs_fp32_vs_fp64").GetDouble()).Name;
}
