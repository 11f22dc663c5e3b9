using CsCheck;
using SpoActors.Trainer.Method.Selection;
using SpoActors.Trainer.Native;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Method.Selection;

public sealed class PairSelectionTests
{
    static PairSelectionTests() => NativeLibtorch.EnsureLoaded();

    [Fact]
    public void BestAndWorst_WhenScoresTie_TakesTheLowestBestAndTheHighestWorst()
    {
        using var scope = NewDisposeScope();
        var selection = PairSelection.BestAndWorst(tensor(new float[,] { { 1, 3 }, { 2, 3 }, { 2, 3 }, { 1, 3 } }), threshold: 0);

        Assert.Equal([1, 0], selection.Win);
        Assert.Equal([3, 3], selection.Lose);
        Assert.Equal([true, false], selection.IsValid);
    }

    [Fact]
    public void BestAndWorst_WhenAScoreIsNaN_IsNotValid()
    {
        using var scope = NewDisposeScope();
        var selection = PairSelection.BestAndWorst(tensor(new[,] { { 1f }, { float.NaN }, { 9f } }), threshold: 0);

        Assert.Equal([1], selection.Win);
        Assert.Equal([0], selection.Lose);
        Assert.Equal([false], selection.IsValid);
        Assert.True(float.IsNaN(selection.Gap[0]));
    }

    [Fact]
    public void OfTwo_WhenTheSecondScoresHigher_ItWins()
    {
        using var scope = NewDisposeScope();
        var scores_KB = tensor(new float[,] { { 1, 5 }, { 2, 5 }, { 9, 0 } });
        var selection = PairSelection.OfTwo(scores_KB, [(0, 1), (1, 0)], threshold: 0.4);

        Assert.Equal([1, 1], selection.Win);
        Assert.Equal([0, 0], selection.Lose);
        Assert.Equal([true, false], selection.IsValid);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 3)]
    public void OfTwo_WhenTheCandidatesAreNotTwoOfThePool_Refuses(long first, long second)
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => PairSelection.OfTwo(zeros(3, 1), [(first, second)], 0));
    }

    [Fact]
    public void BestAndWorst_WhenThereIsOneCandidate_SaysSo()
    {
        using var scope = NewDisposeScope();
        var error = Assert.Throws<ArgumentException>(() => PairSelection.BestAndWorst(zeros(1, 4), 0));

        Assert.StartsWith("Scores have the shape [1, 4]; expected [candidates, prompts] with at least two candidates.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void BestAndWorst_WhenScoresAreArbitrary_AgreesWithTorchsStableSort() =>
        Gen.Int[-3, 3].Array[4].Array[1, 6].Sample(columns =>
        {
            using var scope = NewDisposeScope();
            var scores = new float[4, columns.Length];
            for (var b = 0; b < columns.Length; b++)
                for (var k = 0; k < 4; k++) scores[k, b] = columns[b][k] / 4f;
            var order = argsort(tensor(scores), dim: 0, descending: true);
            var selection = PairSelection.BestAndWorst(tensor(scores), 0.3);
            for (var b = 0; b < columns.Length; b++)
            {
                if (scores[selection.Win[b], b] != scores[order[0, b].item<long>(), b] || scores[selection.Lose[b], b] != scores[order[3, b].item<long>(), b]) return false;
                if (selection.IsValid[b] != Math.Tanh((scores[selection.Win[b], b] - scores[selection.Lose[b], b]) / 2.0) > 0.3) return false;
            }
            return true;
        }, iter: 200);
}
