using SpoActors.Trainer.Judges.Training;
using SpoActors.Trainer.Native;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Judges;

public sealed class PreferenceTrainingTests
{
    static PreferenceTrainingTests() => NativeLibtorch.EnsureLoaded();

    static PairFeatures Features(float score0, float score1) =>
        new(tensor(new[,] { { 1f, 0f } }), tensor(new[,] { { score0, 0f } }), tensor(new[,] { { score1, 0f } }), tensor(1f));

    static PairLabels Labels(float first) => new(tensor(new[] { first }), tensor(new[] { 1 - first }), tensor(new long[] { 3 }));

    [Fact]
    public void Loss_WhenThePairIsATieAndScoresAreEqual_IsZero()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(0, PreferenceCriterion.Loss(Features(2, 2), Labels(0.5f)).item<float>(), 6);
        Assert.True(PreferenceCriterion.Loss(Features(2, 1), Labels(0.5f)).item<float>() > 0);
    }

    [Fact]
    public void Loss_WhenTheFirstIsPreferred_IsTheLogisticLoss()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(Math.Log(1 + Math.Exp(-0.7)), PreferenceCriterion.Loss(Features(1.2f, 0.5f), Labels(1)).item<float>(), 5);
    }

    [Fact]
    public void Weights_WhenAPromptIsFrequent_ItsPairCountsLess()
    {
        using var scope = NewDisposeScope();
        var labels = new PairLabels(ones(2), zeros(2), tensor(new long[] { 1, 3 }));

        Assert.Equal([0.75f, 0.25f], labels.Weights().data<float>().ToArray());
    }

    [Fact]
    public void FromScores_WhenTheGapIsSmall_IsATie()
    {
        using var scope = NewDisposeScope();
        var labels = PairLabels.FromScores(tensor(new[,] { { 20f, 21f }, { 21f, 20f }, { 20f, 20.1f } }), ones(3), 0.1);

        Assert.Equal([0f, 1f, 0.5f], labels.First_B.data<float>().ToArray());
        Assert.Equal([1f, 0f, 0.5f], labels.Second_B.data<float>().ToArray());
    }

    [Theory]
    [InlineData(0, 1.0)]
    [InlineData(1, 0.0)]
    [InlineData(2, 0.11153513939775646)]
    [InlineData(500, 1.0)]
    [InlineData(7999, 8e-10 / 3e-6)]
    public void WarmupDecay_WhenRecorded_FollowsTheOriginal(int step, double share) =>
        Assert.Equal(share, new WarmupDecay(1, 500, 8000, WarmupShape.LogarithmicAsRecorded).At(step), 9);

    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(9, 1.0)]
    [InlineData(15, 0.5)]
    [InlineData(20, 0.0)]
    [InlineData(25, 0.0)]
    public void WarmupDecay_WhenLinear_RisesAndFallsEvenly(int step, double share) =>
        Assert.Equal(share, new WarmupDecay(1, 10, 20, WarmupShape.Linear).At(step), 9);

    [Fact]
    public void Accuracy_WhenProbabilitiesAreEqual_IsZeroEvenForATie()
    {
        using var scope = NewDisposeScope();
        var labels = new PairLabels(tensor(new[] { 0.5f, 0.5f, 1f }), tensor(new[] { 0.5f, 0.5f, 0f }), ones(3));

        Assert.Equal([0.5f, 0f, 1f], labels.Accuracy(tensor(new[,] { { 0.9f, 0.1f }, { 0.5f, 0.5f }, { 0.6f, 0.4f } })).data<float>().ToArray());
    }
}
