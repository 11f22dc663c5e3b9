using SpoActors.ShapesWorld.Training;
using SpoActors.ShapesWorld.World;
using SpoActors.Trainer.Pipelines;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Evaluation;

/// <summary>What moves a judge's score at a timestep.</summary>
/// <param name="Judge">Its name.</param>
/// <param name="Timestep">Of the noise.</param>
/// <param name="Blur">Change of the score from the best to the worst blur, all else equal; below 0 is right, on each axis.</param>
/// <param name="Noise">The same for noise.</param>
/// <param name="Desaturation">The same for washed-out colours.</param>
/// <param name="Flatness">The same for missing shade.</param>
/// <param name="Explained">Share of the score's variance that the four axes explain, R^2.</param>
public sealed record JudgeSignsPoint(string Judge, int Timestep, double Blur, double Noise, double Desaturation, double Flatness, double Explained)
{
    /// <summary>Whether every axis lowers the score.</summary>
    public bool AreRight => Blur < 0 && Noise < 0 && Desaturation < 0 && Flatness < 0;
}

/// <summary>
/// Pairs of renders of the same scene in two qualities: the differences of a judge's scores are regressed on the differences of the true
/// qualities. A judge with a wrong sign teaches the model the opposite of what was wanted.
/// </summary>
public static class JudgeSigns
{
    const int BatchSize = 50;

    /// <summary>Timesteps that are asked about.</summary>
    public static IReadOnlyList<int> Timesteps { get; } = [1, 251, 501, 751];

    public static IReadOnlyList<JudgeSignsPoint> Run(
        DiffusionModel model, IReadOnlyList<Judge> judges, int sceneCount, ulong seed, Action<string> progress, CancellationToken cancel)
    {
        var captions = PromptSplit.Validation(seed, sceneCount);
        Scene[][] columns = [Scenes(captions, seed, 0), Scenes(captions, seed, sceneCount)];
        // The second quality on the first layout: nothing else differs.
        columns[1] = [.. columns[0].Zip(columns[1], (first, second) => first with { Quality = second.Quality })];
        var axes = columns[0].Zip(columns[1], (a, b) => Shares(a.Quality).Zip(Shares(b.Quality), (x, y) => x - y).ToArray()).ToArray();

        using var renderer = new SceneRenderer();
        var views = new NoisyViews(model, seed);
        var points = new List<JudgeSignsPoint>();
        foreach (var timestep in Timesteps)
        {
            cancel.ThrowIfCancellationRequested();
            var scores = judges.Select(_ => (float[][])[new float[sceneCount], new float[sceneCount]]).ToArray();
            foreach (var indices in Enumerable.Range(0, sceneCount).Chunk(BatchSize))
                for (var column = 0; column < 2; column++)
                {
                    using var scope = NewDisposeScope();
                    var texts = indices.Select(i => captions[i].Caption).ToArray();
                    var (noisy_BCHW, timesteps_B) = views.Of(texts, ImageTensors.FromBytes([.. indices.Select(i => renderer.Render(columns[column][i]))]), timestep, column);
                    for (var j = 0; j < judges.Count; j++) judges[j].Score(texts, noisy_BCHW, timesteps_B).CopyTo(scores[j][column].AsSpan(indices[0]));
                }
            points.AddRange(judges.Select((judge, j) => Fit(judge.Name, timestep, axes, [.. scores[j][0].Zip(scores[j][1], (a, b) => (double)a - b)])));
            progress($"signs at timestep {timestep}");
        }
        return points;
    }

    static Scene[] Scenes(IReadOnlyList<SceneDescription> captions, ulong seed, int first) => [.. captions.Select((c, i) => SceneGenerator.Create(c, seed, (uint)(first + i)))];

    static double[] Shares(Quality q) => [q.Blur / Quality.WorstBlur, q.Noise / Quality.WorstNoise, q.Desaturation / Quality.WorstDesaturation, 1 - q.Shade];

    /// <summary>Least squares without a constant: a pair has no order.</summary>
    internal static JudgeSignsPoint Fit(string judge, int timestep, double[][] axes, double[] differences)
    {
        using var scope = NewDisposeScope();
        var x_NA = tensor(axes.SelectMany(a => a).ToArray(), [axes.Length, axes[0].Length]);
        var y_N1 = tensor(differences).unsqueeze(1);
        var slopes_A1 = linalg.solve(x_NA.t().matmul(x_NA), x_NA.t().matmul(y_N1));
        var slopes = slopes_A1.data<double>().ToArray();
        var unexplained = (y_N1 - x_NA.matmul(slopes_A1)).square().sum().item<double>();
        return new(judge, timestep, slopes[0], slopes[1], slopes[2], slopes[3], 1 - unexplained / y_N1.square().sum().item<double>());
    }
}
