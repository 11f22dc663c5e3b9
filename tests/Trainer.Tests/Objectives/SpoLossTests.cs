using CsCheck;
using SpoActors.Trainer.Objectives;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Objectives;

public sealed class SpoLossTests
{
    const double Beta = 10, Eps = 0.1;

    static SpoLossResult Compute(Tensor win, Tensor winReference, Tensor lose, Tensor loseReference) =>
        new SpoLoss(Beta, Eps).Compute(new PairLogProbabilities(win, winReference, lose, loseReference));

    [Fact]
    public void Loss_OfAnyPairs_IsTheEquation() =>
        Gen.Select(Gen.Float[-0.3f, 0.3f], Gen.Float[-0.3f, 0.3f], Gen.Double[0.5, 20], Gen.Double[0.01, 0.5]).Sample((win, lose, beta, eps) =>
        {
            using var scope = NewDisposeScope();
            double Clamped(double logRatio) => Math.Log(Math.Clamp(Math.Exp(logRatio), 1 - eps, 1 + eps));
            var expected = Math.Log(1 + Math.Exp(-(beta * Clamped(win) - beta * Clamped(lose))));
            var loss = new SpoLoss(beta, eps).Compute(new(tensor([win]), tensor([0f]), tensor([lose]), tensor([0f])));
            Assert.Equal(expected, loss.Loss.item<float>(), 1e-5);
        });

    [Fact]
    public void Loss_WherePolicyEqualsReference_IsLogTwoWithAGradient()
    {
        using var scope = NewDisposeScope();
        Tensor win = tensor([-1f, -2f]).requires_grad_(true), lose = tensor([-3f, -1f]).requires_grad_(true);
        var result = Compute(win, win.detach(), lose, lose.detach());
        Assert.Equal(Math.Log(2), result.Loss.item<float>(), 1e-6);
        result.Loss.backward();
        // d/dx of -log σ(β x) at 0 is -β/2, and the mean halves it.
        Assert.Equal([-2.5f, -2.5f], win.grad!.data<float>().ToArray());
        Assert.Equal([2.5f, 2.5f], lose.grad!.data<float>().ToArray());
    }

    [Fact]
    public void Gradient_OfAClampedRatio_IsZero()
    {
        using var scope = NewDisposeScope();
        Tensor win = tensor([0.2f, 0.05f]).requires_grad_(true), lose = tensor([0f, -0.2f]).requires_grad_(true);
        Compute(win, zeros(2), lose, zeros(2)).Loss.backward();
        Assert.Equal(0, win.grad![0].item<float>());
        Assert.True(win.grad![1].item<float>() < 0);
        Assert.True(lose.grad![0].item<float>() > 0);
        Assert.Equal(0, lose.grad![1].item<float>());
    }

    [Fact]
    public void Loss_OfVeryDifferentPolicies_IsFinite()
    {
        using var scope = NewDisposeScope();
        var loss = new SpoLoss(1e4, 0.9).Compute(new(tensor([-5000f, 5000f]), zeros(2), tensor([5000f, -5000f]), zeros(2)));
        Assert.True(loss.LossPerPair.isfinite().all().item<bool>());
    }

    [Fact]
    public void Reference_InTheLoss_GetsNoGradient()
    {
        using var scope = NewDisposeScope();
        Tensor reference = tensor([0f]).requires_grad_(true), win = tensor([0.01f]).requires_grad_(true);
        Compute(win, reference, tensor([0f]), reference).Loss.backward();
        Assert.Null(reference.grad);
        Assert.NotNull(win.grad);
    }

    [Fact]
    public void Metrics_OfTwoPairs_AreTheirMeans()
    {
        using var scope = NewDisposeScope();
        var metrics = Compute(tensor([0.05f, 0.2f]), zeros(2), tensor([0.1f, -0.05f]), zeros(2)).ReadMetrics();
        Assert.Equal(Beta * ((0.05 - 0.1) + (0.2 + 0.05)) / 2, metrics.Margin, 1e-5);
        Assert.Equal(0.5, metrics.Accuracy);
        Assert.Equal((Math.Exp(0.05) + 1.1) / 2, metrics.WinRatio, 1e-6);
        Assert.Equal((1.1 + Math.Exp(-0.05)) / 2, metrics.LoseRatio, 1e-6);
        Assert.Equal(0.5, metrics.ClipShare);
        Assert.True(double.IsFinite(metrics.Loss));
    }

    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(-1, 0.1)]
    [InlineData(10, 0)]
    [InlineData(10, 1)]
    [InlineData(double.NaN, 0.1)]
    public void Settings_OutsideTheirRange_AreRefused(double beta, double eps) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new SpoLoss(beta, eps));
}
