using SpoActors.ShapesWorld.World;

namespace SpoActors.ShapesWorld.Evaluation;

/// <summary>A mean with its 95 % interval.</summary>
public sealed record Estimate(double Mean, double Low, double High);

/// <summary>
/// Percentile intervals by resampling images (Efron). All series of a call are of the same images and are resampled together, so the interval of
/// a series of differences is that of the paired comparison.
/// </summary>
public static class Bootstrap
{
    /// <summary>Enough for two digits of an interval's width.</summary>
    public const int Resamples = 4000;

    /// <param name="series">Series of equal length, at least one value each.</param>
    /// <param name="seed">The same seed gives the same intervals.</param>
    /// <returns>An estimate for each series.</returns>
    public static IReadOnlyList<Estimate> Estimate(IReadOnlyList<double[]> series, ulong seed)
    {
        var count = series[0].Length;
        if (count == 0 || series.Any(s => s.Length != count)) throw new ArgumentException("the series must have the same number of values, at least one", nameof(series));
        var means = series.Select(_ => new double[Resamples]).ToArray();
        var chosen = new int[count];
        for (var resample = 0; resample < Resamples; resample++)
        {
            var random = new SceneRandom(seed, WorldDraw.Resampling, (uint)resample);
            foreach (ref var index in chosen.AsSpan()) index = random.Below(count);
            for (var s = 0; s < series.Count; s++)
            {
                var sum = 0.0;
                foreach (var index in chosen) sum += series[s][index];
                means[s][resample] = sum / count;
            }
        }
        foreach (var sorted in means) Array.Sort(sorted);
        return [.. series.Select((values, s) => new Estimate(values.Average(), Quantile(means[s], 0.025), Quantile(means[s], 0.975)))];
    }

    static double Quantile(double[] sorted, double share)
    {
        var at = share * (sorted.Length - 1);
        var (below, part) = ((int)at, at - (int)at);
        return below + 1 == sorted.Length ? sorted[below] : sorted[below] * (1 - part) + sorted[below + 1] * part;
    }
}
