using SpoActors.Trainer.Evaluation.Metrics;

namespace SpoActors.Trainer.Tests.Evaluation.Metrics;

public sealed class Hpsv2Tests
{
    [Fact]
    public void Benchmark_WhenTheLastRunIsShort_WeighsItAsTheOthers()
    {
        var benchmark = Hpsv2Benchmark.Of([("photo", [1, 1, 4]), ("anime", [10])], run: 2);
        Assert.Equal([1, 4], benchmark.Styles[0].RunMeans);
        Assert.Equal((2.5, 1.5), (benchmark.Styles[0].Mean, benchmark.Styles[0].Deviation));
        Assert.Equal((10, 0), (benchmark.Styles[1].Mean, benchmark.Styles[1].Deviation));
        Assert.Equal(4, benchmark.Average);
    }

    [Fact]
    public void Benchmark_WhenAStyleHasNoScores_NamesIt() =>
        Assert.Contains("anime", Assert.Throws<ArgumentException>(() => Hpsv2Benchmark.Of([("anime", [])])).Message, StringComparison.Ordinal);

    [Fact]
    public void Ranking_WhenScoresAreEqual_PutsTheEarlierFirst() => Assert.Equal([2, 0, 1], Hpsv2Ranking.Places([1, 2, 2]));

    [Fact]
    public void InversionScore_WhenPeopleTied_CountsThePairAsRight() => Assert.Equal(1, Hpsv2Ranking.InversionScore([0, 1], [2, 2]));

    [Fact]
    public void ImageRewardAccuracy_WhenScoresAreEqual_CountsThePairAsWrong() => Assert.Equal(0.5, Hpsv2Ranking.ImageRewardAccuracy([1, 1, 0], [1, 2, 2]));

    [Fact]
    public void ImageRewardAccuracy_WhenPeopleTiedAll_IsNaN() => Assert.True(double.IsNaN(Hpsv2Ranking.ImageRewardAccuracy([1, 2], [1, 1])));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    public void Rankings_WhenCountsDoNotFit_Throw(int images, int ranks) =>
        Assert.Throws<ArgumentException>(() => Hpsv2Ranking.ImageRewardAccuracy(new double[images], new double[ranks]));
}
