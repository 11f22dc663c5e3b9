using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Native;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Judges;

public sealed class SeveralJudgesTests
{
    static SeveralJudgesTests() => NativeLibtorch.EnsureLoaded();

    // An image is its number.
    static Tensor Images(params float[] values) => tensor(values).view(-1, 1, 1, 1).expand(-1, 3, 2, 2);

    static float[] Score(IJudge judge, IReadOnlyList<string> prompts, IReadOnlyList<int> rows, params float[] images)
    {
        using var scope = NewDisposeScope();
        using var prepared = judge.Prepare(prompts);
        using var ofRows = prepared.Rows(rows);
        return judge.Score(Images(images), ofRows, zeros(images.Length)).data<float>().ToArray();
    }

    static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    [Fact]
    public void Sum_WhenMembersHaveScales_AddsWeightedLogits()
    {
        using var sum = new SumJudge([new(new FakeJudge((x, _) => x, scale: 10), 0.5), new(new FakeJudge((x, prompt) => x * prompt.Length), -2)]);

        Assert.Equal(1, sum.Scale);
        Assert.Equal([5 * 1 - 2 * 1 * 3, 5 * 2 - 2 * 2 * 1], Score(sum, ["abc", "a"], [0, 1], 1, 2));
    }

    [Theory]
    [InlineData(3, 3, 0.8)]
    [InlineData(3, 2, 0.6)]
    [InlineData(2, 1, 0.5)]
    [InlineData(1, 1, 2.0 / 3)]
    public void Vote_WhenTwoImagesCompete_GivesLaplacesProbability(int members, int forFirst, double probability)
    {
        using var vote = new VoteJudge([.. Enumerable.Range(0, members).Select(m => new FakeJudge((x, _) => m < forFirst ? -x : x))], batchSize: 1);

        var scores = Score(vote, ["a"], [0, 0], 1, 2);

        Assert.Equal(probability, Sigmoid(scores[0] - scores[1]), 6);
    }

    [Fact]
    public void Vote_WhenAllAgreeOnFour_GivesBestAndWorstWhatTwoWouldHave()
    {
        using var vote = new VoteJudge([.. Enumerable.Range(0, 3).Select(_ => new FakeJudge((x, _) => x))], batchSize: 3);

        var scores = Score(vote, ["a"], [0, 0, 0, 0], 2, 4, 1, 3);

        Assert.Equal([1, 3, 0, 2], scores.Select(s => scores.Count(other => other < s)));
        Assert.Equal(0.8, Sigmoid(scores[1] - scores[2]), 6);
    }

    [Fact]
    public void Vote_WhenAMemberSeesNoDifference_CountsHalfAVote()
    {
        using var vote = new VoteJudge([new FakeJudge((_, _) => 7), new FakeJudge((x, _) => x)], batchSize: 8);

        var scores = Score(vote, ["a"], [0, 0], 1, 2);

        Assert.Equal(2.5 / 4, Sigmoid(scores[1] - scores[0]), 6);
    }

    [Fact]
    public void Vote_WhenMembersAreAtOdds_IsATie()
    {
        using var vote = new VoteJudge([new FakeJudge((x, _) => x), new FakeJudge((x, _) => -x)], batchSize: 8);

        Assert.Equal([0f, 0f], Score(vote, ["a"], [0, 0], 1, 2));
    }

    [Fact]
    public void Vote_WhenPromptsDiffer_ComparesWithinEach()
    {
        var member = new FakeJudge((x, _) => x);
        using var vote = new VoteJudge([member], batchSize: 3);

        // Candidate by candidate, as pools are: the second prompt's images are far worse.
        var scores = Score(vote, ["a", "b"], [0, 1, 0, 1, 0], 10, 1, 20, 2, 30);

        Assert.Equal(0f, scores[2], 6);
        Assert.Equal(scores[1], -scores[3], 6);
        Assert.Equal(scores[4], scores[3], 6);
        Assert.Equal([3, 2], member.Calls);
    }

    [Fact]
    public void Vote_WhenAMembersScoreIsNotFinite_IsNaNForAllItMeets()
    {
        using var vote = new VoteJudge([new FakeJudge((x, _) => x == 1 ? float.PositiveInfinity : x), new FakeJudge((x, _) => x)], batchSize: 8);

        var scores = Score(vote, ["a", "b"], [0, 0, 1, 1], 1, 2, 3, 4);

        Assert.Equal([true, true, false, false], scores.Select(float.IsNaN));
    }

    [Fact]
    public void Scale_WhenItIsASetting_ReplacesTheJudgesOwn()
    {
        using var judge = new ScaledJudge(new FakeJudge((x, _) => x, scale: 10), 3);
        using var sum = new SumJudge([new(judge, 1)]);

        Assert.Equal([6f], Score(sum, ["a"], [0], 2));
    }
}
