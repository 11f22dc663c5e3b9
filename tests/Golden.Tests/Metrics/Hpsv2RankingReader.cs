using System.Text.Json;
using SpoActors.Golden.Tests.Harness;
using SpoActors.Trainer.Evaluation.Metrics;

namespace SpoActors.Golden.Tests.Metrics;

/// <summary>Agreement with people's rankings, ties included.</summary>
public sealed class Hpsv2RankingReader : IGoldenReader
{
    public string Area => "metrics";

    public bool Understands(GoldenCase golden) => golden.Source.Contains("inversion_score", StringComparison.Ordinal);

    public void Check(GoldenCase golden, GoldenAssert check)
    {
        foreach (var item in golden.Items)
        {
            var (scores, ranks) = (Doubles(item.Json.GetProperty("scores")), Doubles(item.Json.GetProperty("labels")));
            var places = Hpsv2Ranking.Places(scores);
            check.Equal($"{item.Name}: ranking", string.Join(", ", places),
                string.Join(", ", item.Expected.GetProperty("ranking").EnumerateArray().Select(p => p.GetInt32())));
            check.Close($"{item.Name}: inversion_score", Hpsv2Ranking.InversionScore(places, ranks),
                item.Expected.GetProperty("inversion_score").GetDouble());
            check.Close($"{item.Name}: image_reward", Hpsv2Ranking.ImageRewardAccuracy(scores, ranks),
                item.Expected.GetProperty("image_reward").GetDouble());
        }
    }

    static double[] Doubles(JsonElement numbers) => [.. numbers.EnumerateArray().Select(n => n.GetDouble())];
}
