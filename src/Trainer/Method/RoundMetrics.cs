using System.Text.Json;
using System.Text.Json.Serialization;

namespace SpoActors.Trainer.Method;

/// <summary>A line of <c>metrics.jsonl</c>: what a round did.</summary>
public sealed record RoundMetrics
{
    public required int Round { get; init; }
    public required int Prompts { get; init; }

    /// <summary>Pairs kept and trained on.</summary>
    public required int Pairs { get; init; }

    /// <summary>Kept pairs over all prompts and transitions.</summary>
    public required double ValidPairShare { get; init; }

    public required double ScoreMean { get; init; }
    public required double ScoreStd { get; init; }

    /// <summary>Means over the round's pairs; null where it had none.</summary>
    public double? Loss { get; init; }

    /// <summary>Implicit reward margin, beta (log r_win - log r_lose).</summary>
    public double? Margin { get; init; }

    /// <summary>Share of pairs with a positive margin.</summary>
    public double? Accuracy { get; init; }
    public double? RatioWin { get; init; }
    public double? RatioLose { get; init; }

    /// <summary>Share of probability ratios that were clamped.</summary>
    public double? ClippedShare { get; init; }

    /// <summary>Mean gradient norm of the round's optimizer steps.</summary>
    public double? GradientNorm { get; init; }

    public required double SampleSeconds { get; init; }
    public required double ScoreSeconds { get; init; }
    public required double TrainSeconds { get; init; }

    /// <summary>Hash chain over everything consumed up to and with this round.</summary>
    public required string ConsumedDigest { get; init; }

    /// <summary>The metrics of a round, apart from its times.</summary>
    /// <param name="scores">Scores of all candidates.</param>
    /// <param name="transitions">Prompts times transitions: the pairs there would be if all were kept.</param>
    /// <param name="pairs">Pairs kept.</param>
    /// <param name="minibatches">What training on them did.</param>
    /// <param name="digest">Hash chain over everything consumed, this round included.</param>
    public static RoundMetrics Of(
        int round, int prompts, IReadOnlyList<float> scores, int transitions, int pairs, IReadOnlyList<MinibatchResult> minibatches, string digest)
    {
        double total = minibatches.Sum(m => m.Pairs);
        double? Mean(Func<MinibatchResult, double> value) => total == 0 ? null : minibatches.Sum(m => value(m) * m.Pairs) / total;
        var norms = minibatches.Where(m => m.GradientNorm is not null).Select(m => m.GradientNorm!.Value).ToArray();
        var mean = scores.Count == 0 ? 0 : scores.Average(s => (double)s);
        return new RoundMetrics
        {
            Round = round,
            Prompts = prompts,
            Pairs = pairs,
            ValidPairShare = transitions == 0 ? 0 : (double)pairs / transitions,
            ScoreMean = mean,
            ScoreStd = scores.Count < 2 ? 0 : Math.Sqrt(scores.Sum(s => (s - mean) * (s - mean)) / (scores.Count - 1)),
            Loss = Mean(m => m.Metrics.Loss),
            Margin = Mean(m => m.Metrics.Margin),
            Accuracy = Mean(m => m.Metrics.Accuracy),
            RatioWin = Mean(m => m.Metrics.WinRatio),
            RatioLose = Mean(m => m.Metrics.LoseRatio),
            ClippedShare = Mean(m => m.Metrics.ClipShare),
            GradientNorm = norms.Length == 0 ? null : norms.Average(),
            SampleSeconds = 0,
            ScoreSeconds = 0,
            TrainSeconds = 0,
            ConsumedDigest = digest,
        };
    }

    // As in metrics.jsonl: the figures of a round that diverges are what somebody wants to see.
    static readonly JsonSerializerOptions Options = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>As it travels between silos.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Options);

    /// <summary>What <see cref="ToJson"/> made; null for any other text.</summary>
    public static RoundMetrics? FromJson(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<RoundMetrics>(text, Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
