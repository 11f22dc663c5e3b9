using System.Text.Json;
using System.Text.Json.Serialization;
using SpoActors.Trainer.Method.Minibatches;

namespace SpoActors.Trainer.Method;

/// <summary>A line of <c>metrics.jsonl</c>: what a round did.</summary>
public sealed record RoundMetrics
{
    public required int Round { get; init; }
    public required int Prompts { get; init; }

    /// <summary>Samples trained on: pairs, or single transitions.</summary>
    public required int Pairs { get; init; }

    /// <summary>Samples trained on over those that there could have been.</summary>
    public required double ValidPairShare { get; init; }

    /// <summary>Mean and deviation of the judge's scores; 0 where nobody judged.</summary>
    public required double ScoreMean { get; init; }
    public required double ScoreStd { get; init; }

    /// <summary>Mean over the round's samples; null where it had none.</summary>
    public double? Loss { get; init; }

    /// <summary>The objective's metrics by name, means over the round's samples.</summary>
    public IReadOnlyDictionary<string, double> Objective { get; init; } = new Dictionary<string, double>();

    /// <summary>Mean gradient norm of the round's optimizer steps.</summary>
    public double? GradientNorm { get; init; }

    public required double SampleSeconds { get; init; }
    public required double ScoreSeconds { get; init; }
    public required double TrainSeconds { get; init; }

    /// <summary>Hash chain over everything consumed up to and with this round.</summary>
    public required string ConsumedDigest { get; init; }

    /// <summary>A metric of the objective; null where it has none of that name.</summary>
    public double? Of(string metric) => Objective.TryGetValue(metric, out var value) ? value : null;

    /// <summary>The metrics of a round, apart from its times.</summary>
    /// <param name="round">Round.</param>
    /// <param name="prompts">Prompts in it.</param>
    /// <param name="scores">Scores of all candidates.</param>
    /// <param name="possible">Samples there would be if all were kept.</param>
    /// <param name="samples">Samples kept.</param>
    /// <param name="minibatches">What training on them did.</param>
    /// <param name="digest">Hash chain over everything consumed, this round included.</param>
    public static RoundMetrics Of(
        int round, int prompts, IReadOnlyList<float> scores, int possible, int samples, IReadOnlyList<MinibatchResult> minibatches, string digest)
    {
        double total = minibatches.Sum(m => m.Samples);
        var norms = minibatches.Where(m => m.GradientNorm is not null).Select(m => m.GradientNorm!.Value).ToArray();
        var mean = scores.Count == 0 ? 0 : scores.Average(s => (double)s);
        return new RoundMetrics
        {
            Round = round,
            Prompts = prompts,
            Pairs = samples,
            ValidPairShare = possible == 0 ? 0 : (double)samples / possible,
            ScoreMean = mean,
            ScoreStd = scores.Count < 2 ? 0 : Math.Sqrt(scores.Sum(s => (s - mean) * (s - mean)) / (scores.Count - 1)),
            Loss = total == 0 ? null : Mean(m => m.Loss),
            Objective = total == 0 ? new Dictionary<string, double>() : minibatches[0].Metrics.Keys.ToDictionary(name => name, name => Mean(m => m.Metrics[name])),
            GradientNorm = norms.Length == 0 ? null : norms.Average(),
            SampleSeconds = 0,
            ScoreSeconds = 0,
            TrainSeconds = 0,
            ConsumedDigest = digest,
        };

        double Mean(Func<MinibatchResult, double> value) => minibatches.Sum(m => value(m) * m.Samples) / total;
    }

    // A diverged metric must not end the run by being unwritable.
    static readonly JsonSerializerOptions Travelling = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>As it travels between silos.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Travelling);

    /// <summary>What <see cref="ToJson"/> made; null for any other text.</summary>
    public static RoundMetrics? FromJson(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<RoundMetrics>(text, Travelling);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
