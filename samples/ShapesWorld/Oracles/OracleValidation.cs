using SpoActors.ShapesWorld.Training;
using SpoActors.ShapesWorld.World;
using static TorchSharp.torch;

namespace SpoActors.ShapesWorld.Oracles;

/// <summary>How well the oracle knows renders, whose content and quality are known.</summary>
/// <param name="CleanStrict">Share of clean renders whose caption the oracle finds fulfilled.</param>
/// <param name="DegradedStrict">The same with random qualities.</param>
/// <param name="WrongCaptionStrict">Share of clean renders that it takes for those of another caption; should be about 0.</param>
/// <param name="Correlation">Of its aesthetics with the true ones, random qualities.</param>
/// <param name="Errors">Mean absolute error on each axis, in shares of the worst value.</param>
/// <param name="Degradations">For each axis the mean aesthetics as it alone gets worse in four equal steps.</param>
/// <param name="CheckCorrelations">Of each check without learning with the true share of its axis, random qualities.</param>
/// <param name="CheckDegradations">For each check its mean as its axis alone gets worse.</param>
public sealed record OracleValidation(double CleanStrict, double DegradedStrict, double WrongCaptionStrict, double Correlation,
    IReadOnlyDictionary<string, double> Errors, IReadOnlyDictionary<string, IReadOnlyList<double>> Degradations,
    IReadOnlyDictionary<string, double> CheckCorrelations, IReadOnlyDictionary<string, IReadOnlyList<double>> CheckDegradations)
{
    const int DegradationSteps = 4, DegradationScenes = 200;

    static readonly (string Name, Func<double, Quality> Worse, Func<Quality, double> Share)[] Axes =
    [
        ("blur", share => Quality.Best with { Blur = share * Quality.WorstBlur }, q => q.Blur / Quality.WorstBlur),
        ("noise", share => Quality.Best with { Noise = share * Quality.WorstNoise }, q => q.Noise / Quality.WorstNoise),
        ("desaturation", share => Quality.Best with { Desaturation = share * Quality.WorstDesaturation }, q => q.Desaturation / Quality.WorstDesaturation),
        ("shade", share => Quality.Best with { Shade = 1 - share }, q => 1 - q.Shade),
    ];

    /// <summary>The checks without learning and the axis that each of them is about.</summary>
    static readonly (string Name, string Axis, Func<ImageChecks, double> Of)[] Checks =
        [("noise", "noise", c => c.Noise), ("sharpness", "blur", c => c.Sharpness), ("saturation", "desaturation", c => c.Saturation)];

    /// <summary>Whether each degradation lowers the score at every step.</summary>
    public bool IsMonotone => Degradations.Values.All(levels => levels.Zip(levels.Skip(1)).All(pair => pair.First > pair.Second));

    /// <param name="oracle">What is validated.</param>
    /// <param name="seed">Of the renders; not the training's.</param>
    /// <param name="count">Renders for each figure.</param>
    public static OracleValidation Run(ShapesOracle oracle, ulong seed, int count)
    {
        using var renderer = new SceneRenderer();
        var captions = PromptSplit.Validation(seed, count);
        var clean = Read(Draw(captions.Select((c, i) => SceneGenerator.Create(c, seed, (uint)i, Quality.Best))));
        var scenes = captions.Select((c, i) => SceneGenerator.Create(c, seed, (uint)(count + i))).ToList();
        var images = Draw(scenes);
        var degraded = Read(images);
        var checks = images.Select(i => ImageChecks.Of(i)).ToList();
        var levels = Axes.ToDictionary(a => a.Name, a => Enumerable.Range(0, DegradationSteps).Select(step => Draw(captions.Take(DegradationScenes)
            .Select((c, i) => SceneGenerator.Create(c, seed, (uint)i, a.Worse(step / (DegradationSteps - 1.0)))))).ToList());
        return new OracleValidation(Strict(captions, clean), Strict(captions, degraded), Strict([.. captions.Skip(1), captions[0]], clean),
            Correlate([.. scenes.Select(s => s.Quality.Aesthetics)], [.. degraded.Select(r => r.Aesthetics)]),
            Axes.ToDictionary(a => a.Name, a => scenes.Zip(degraded).Average(p => Math.Abs(a.Share(p.First.Quality) - a.Share(p.Second.Quality)))),
            levels.ToDictionary(l => l.Key, l => (IReadOnlyList<double>)[.. l.Value.Select(drawn => Read(drawn).Average(r => r.Aesthetics))]),
            Checks.ToDictionary(c => c.Name, c => Correlate([.. scenes.Select(s => Axes.Single(a => a.Name == c.Axis).Share(s.Quality))], [.. checks.Select(c.Of)])),
            Checks.ToDictionary(c => c.Name, c => (IReadOnlyList<double>)[.. levels[c.Axis].Select(drawn => drawn.Average(i => c.Of(ImageChecks.Of(i))))]));

        List<byte[]> Draw(IEnumerable<Scene> drawn) => [.. drawn.Select(renderer.Render)];

        IReadOnlyList<ImageReading> Read(IReadOnlyList<byte[]> drawn)
        {
            using var scope = NewDisposeScope();
            return oracle.Read(ImageTensors.FromBytes(drawn));
        }
    }

    static double Strict(IReadOnlyList<SceneDescription> captions, IReadOnlyList<ImageReading> readings) =>
        captions.Zip(readings).Average(p => Alignment.Of(p.First, p.Second.Objects).Strict ? 1.0 : 0);

    static double Correlate(double[] a, double[] b)
    {
        var (meanA, meanB) = (a.Average(), b.Average());
        double products = 0, squaresA = 0, squaresB = 0;
        for (var i = 0; i < a.Length; i++)
        {
            products += (a[i] - meanA) * (b[i] - meanB);
            squaresA += (a[i] - meanA) * (a[i] - meanA);
            squaresB += (b[i] - meanB) * (b[i] - meanB);
        }
        return products / Math.Sqrt(squaresA * squaresB);
    }
}
