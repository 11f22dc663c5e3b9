using SpoActors.ShapesWorld.Evaluation;

namespace SpoActors.ShapesWorld.Tests.Evaluation;

public sealed class BootstrapTests
{
    static double[] Series(int count, double mean, double deviation, ulong seed)
    {
        var random = new World.SceneRandom(seed, World.WorldDraw.Noise, 0);
        var values = new double[count];
        foreach (ref var value in values.AsSpan()) value = mean + deviation * random.Normal();
        return values;
    }

    [Fact]
    public void Interval_WhenValuesAreNormal_HasTheWidthOfTheTextbook()
    {
        var estimate = Bootstrap.Estimate([Series(400, 2, 1, 1)], 7)[0];
        Assert.InRange(estimate.High - estimate.Low, 0.9 * 2 * 1.96 / 20, 1.1 * 2 * 1.96 / 20);
        Assert.InRange(2, estimate.Low, estimate.High);
    }

    [Fact]
    public void Interval_WhenSeedIsTheSame_IsTheSame()
    {
        var values = Series(50, 0, 1, 3);
        Assert.Equal(Bootstrap.Estimate([values], 5), Bootstrap.Estimate([values], 5));
        Assert.NotEqual(Bootstrap.Estimate([values], 5), Bootstrap.Estimate([values], 6));
    }

    [Fact]
    public void Interval_WhenAllValuesAreEqual_IsThatValue() => Assert.Equal([new Estimate(0.5, 0.5, 0.5)], Bootstrap.Estimate([[0.5, 0.5, 0.5]], 1));

    [Fact]
    public void Interval_WhenDifferencesArePaired_IsNarrowerThanThoseOfTheParts()
    {
        var before = Series(100, 0, 1, 1);
        var after = before.Select((b, i) => b + 0.1 + 0.001 * i / 100).ToArray();
        var estimates = Bootstrap.Estimate([before, after, [.. before.Zip(after, (b, a) => a - b)]], 1);
        Assert.True(estimates[2].Low > 0.09);
        Assert.True(estimates[2].High - estimates[2].Low < 0.01 * (estimates[0].High - estimates[0].Low));
    }

    [Fact]
    public void Estimate_WhenSeriesDifferInLength_Refuses() => Assert.Throws<ArgumentException>(() => Bootstrap.Estimate([[1, 2], [1]], 1));
}
