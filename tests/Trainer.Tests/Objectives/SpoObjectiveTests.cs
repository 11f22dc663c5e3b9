using SpoActors.Specification;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Objectives;

public sealed class SpoObjectiveTests
{
    [Theory]
    [InlineData(10, 0.1, 1)]
    [InlineData(10, 0.1, 7)]
    [InlineData(500, 0.02, 33)]
    public void Loss_OfAnyTransitions_HasTheBitsOfTheEarlierLoss(double beta, double eps, int samples)
    {
        using var scope = NewDisposeScope();
        using var batch = new SyntheticBatch(samples, seed: 5, ScalarType.Float32);
        var objective = new SpoObjective(new PreferenceLink(LinkKind.Sigmoid, beta), eps);

        var inputs = batch.Pairs(spread: 0.01);
        var result = objective.Compute(inputs);
        result.Loss.backward();
        var (winGradient, loseGradient) = (inputs.Win.Policy_MCHW.grad!.clone(), inputs.Lose!.Policy_MCHW.grad!.clone());

        var again = batch.Pairs(spread: 0.01);
        var earlier = new SpoLoss(beta, eps).Compute(new PairLogProbabilities(
            batch.LogProb(again.Win, again.Win.Policy_MCHW), batch.LogProb(again.Win, again.Win.Reference_MCHW!),
            batch.LogProb(again.Lose!, again.Lose!.Policy_MCHW), batch.LogProb(again.Lose!, again.Lose!.Reference_MCHW!)));
        earlier.Loss.backward();

        Assert.Equal(earlier.Loss.item<float>(), result.Loss.item<float>());
        Assert.Equal(earlier.LossPerPair.data<float>().ToArray(), result.LossPerSample.data<float>().ToArray());
        Assert.Equal(earlier.Statistics.data<float>().ToArray(), result.Metrics.data<float>().ToArray()[..6]);
        Assert.Equal(again.Win.Policy_MCHW.grad!.data<float>().ToArray(), winGradient.data<float>().ToArray());
        Assert.Equal(again.Lose!.Policy_MCHW.grad!.data<float>().ToArray(), loseGradient.data<float>().ToArray());
        Assert.Equal(["loss", "margin", "accuracy", "ratio_win", "ratio_lose", "clipped_share", "kl"], result.MetricNames);
    }
}
