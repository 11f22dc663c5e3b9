using CsCheck;
using SpoActors.Grains.Catalogue;

namespace SpoActors.Grains.Tests.Catalogue;

public sealed class FairSharesTests
{
    [Theory]
    [InlineData(8, new[] { 1, 1 }, new[] { 4, 4 })]
    [InlineData(7, new[] { 1, 1 }, new[] { 4, 3 })]
    [InlineData(8, new[] { 1, 3 }, new[] { 2, 6 })]
    [InlineData(1, new[] { 1, 1, 1 }, new[] { 1, 0, 0 })]
    [InlineData(5, new[] { 0, 2 }, new[] { 0, 5 })]
    [InlineData(5, new[] { 0, 0 }, new[] { 0, 0 })]
    public void Of_SomeWorkers_AreTheRunsShares(int workers, int[] weights, int[] shares) => Assert.Equal(shares, FairShares.Of(workers, weights));

    [Fact]
    public void Of_Whatever_GivesEverybodyAwayAndNobodyMoreThanAWorkerTooMuch() =>
        Gen.Select(Gen.Int[0, 600], Gen.Int[0, 9].List[1, 12]).Sample((workers, weights) =>
        {
            var shares = FairShares.Of(workers, weights);
            var total = weights.Sum();
            return shares.Sum() == (total == 0 ? 0 : workers)
                && shares.Zip(weights).All(s => s.Second > 0 || s.First == 0)
                && (total == 0 || shares.Zip(weights).All(s => Math.Abs(s.First - (double)workers * s.Second / total) < 1));
        });
}
