using SpoActors.ShapesWorld.Oracles;
using SpoActors.ShapesWorld.Preference;
using SpoActors.ShapesWorld.World;
using SpoActors.Trainer.Pipelines;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Evaluation;

/// <summary>How often a judge is right at a timestep.</summary>
/// <param name="Judge">Its name.</param>
/// <param name="Timestep">Of the noise.</param>
/// <param name="Accuracy">Share of decided pairs in which it prefers the better image.</param>
/// <param name="Lead">Accuracy of the first judge minus this one's, on the same pairs; null for the first.</param>
public sealed record JudgeAccuracyPoint(string Judge, int Timestep, Estimate Accuracy, Estimate? Lead);

/// <summary>
/// Pairs of images of held-out prompts by the base model, five a prompt as in the preference data; which of two is better says the oracle,
/// without noise and on the images as they are. Pairs that people would call a tie are left out.
/// </summary>
public static class JudgeAccuracy
{
    /// <summary>Timesteps that are asked about: those of 10 of the sampler's 20 steps.</summary>
    public static IReadOnlyList<int> Timesteps { get; } = [1, 101, 201, 301, 401, 501, 601, 701, 801, 901];

    public static IReadOnlyList<JudgeAccuracyPoint> Run(
        DiffusionModel model, ShapesOracle oracle, IReadOnlyList<Judge> judges, int promptCount, ulong seed, Action<string> progress, CancellationToken cancel)
    {
        using var scope = NewDisposeScope();
        var prompts = PromptSplit.Validation(seed, promptCount);
        var captions = prompts.Select(p => p.Caption).ToArray();
        var columns = new List<(Tensor Images_BCHW, double[] Utilities)>();
        foreach (var scale in PreferenceImages.Scales)
        {
            cancel.ThrowIfCancellationRequested();
            var (bytes_BCHW, readings) = new PreferenceImages(model, oracle, seed).Draw(prompts, scale, 0, columns.Count);
            columns.Add((bytes_BCHW.to_type(ScalarType.Float32) / 127.5 - 1,
                [.. prompts.Select((p, i) => Utility.Of(readings[i].Aesthetics, Alignment.Of(p, readings[i].Objects).Soft))]));
            progress($"{columns.Count}/{PreferenceImages.Scales.Length} images of {promptCount} prompts");
        }

        var views = new NoisyViews(model, seed);
        var points = new List<JudgeAccuracyPoint>();
        foreach (var timestep in Timesteps)
        {
            cancel.ThrowIfCancellationRequested();
            var scores = judges.Select(_ => new List<float[]>()).ToArray();
            for (var column = 0; column < columns.Count; column++)
            {
                using var columnScope = NewDisposeScope();
                var (noisy_BCHW, timesteps_B) = views.Of(captions, columns[column].Images_BCHW, timestep, column);
                for (var j = 0; j < judges.Count; j++) scores[j].Add(judges[j].Score(captions, noisy_BCHW, timesteps_B));
            }
            points.AddRange(Points(judges, timestep, [.. columns.Select(c => c.Utilities)], scores, seed));
            progress($"timestep {timestep}");
        }
        return points;
    }

    static IEnumerable<JudgeAccuracyPoint> Points(IReadOnlyList<Judge> judges, int timestep, IReadOnlyList<double[]> utilities, IReadOnlyList<List<float[]>> scores, ulong seed)
    {
        // Pairs of one prompt are not independent: a prompt is the unit that is resampled.
        var shares = scores.Select(s => ShareRight(utilities, s)).ToArray();
        var series = shares.Concat(shares.Skip(1).Select(other => shares[0].Zip(other, (first, second) => first - second).ToArray())).ToArray();
        var estimates = Bootstrap.Estimate(series, seed);
        return judges.Select((judge, j) => new JudgeAccuracyPoint(judge.Name, timestep, estimates[j], j == 0 ? null : estimates[judges.Count + j - 1]));
    }

    /// <summary>For each prompt with decided pairs the share of them that the scores order as the utilities do.</summary>
    internal static double[] ShareRight(IReadOnlyList<double[]> utilities, IReadOnlyList<float[]> scores)
    {
        var shares = new List<double>();
        for (var prompt = 0; prompt < utilities[0].Length; prompt++)
        {
            var (right, decided) = (0, 0);
            for (var a = 0; a < utilities.Count; a++)
                for (var b = a + 1; b < utilities.Count; b++)
                {
                    var margin = utilities[a][prompt] - utilities[b][prompt];
                    if (Math.Abs(margin) < Utility.TieMargin) continue;
                    decided++;
                    if (margin > 0 == scores[a][prompt] > scores[b][prompt]) right++;
                }
            if (decided > 0) shares.Add((double)right / decided);
        }
        return [.. shares];
    }
}
