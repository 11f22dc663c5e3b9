using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Method.Selection;

namespace SpoActors.Trainer.Tests.Method.Selection;

public sealed class PairThresholdTests
{
    static DdimScheduler Ddim(int steps) => new(
        NoiseSchedule.Create(new SchedulerConfig { BetaStart = 0.00085, BetaEnd = 0.012, BetaSchedule = BetaSchedule.ScaledLinear, StepsOffset = 1, ClipSample = false, SetAlphaToOne = false }),
        steps, eta: 1, DdimLastStep.ClampToFirst);

    static PairSpecification Pairs(ThresholdRule rule) => new() { Threshold = 0.35, ThresholdRule = rule, ThresholdMax = rule == ThresholdRule.Fixed ? null : 0.5 };

    [Theory]
    [InlineData(ThresholdRule.Sigma, 20)]
    [InlineData(ThresholdRule.Variance, 20)]
    [InlineData(ThresholdRule.Timestep, 20)]
    [InlineData(ThresholdRule.Sigma, 7)]
    public void Threshold_WithARule_FallsFromTheFirstStepToTheLast(ThresholdRule rule, int steps)
    {
        var ddim = Ddim(steps);
        var threshold = new PairThreshold(Pairs(rule), ddim);
        var values = ddim.Timesteps.Select(t => threshold.At(t)).ToArray();
        Assert.Equal(0.5, values[0], 1e-12);
        Assert.Equal(0.35, values[^1], 1e-12);
        Assert.Equal(values.OrderDescending(), values);
    }

    [Fact]
    public void Threshold_WhenFixed_IsTheSameAtEveryStep() =>
        Assert.All(Ddim(5).Timesteps, t => Assert.Equal(0.35, new PairThreshold(Pairs(ThresholdRule.Fixed), Ddim(5)).At(t)));

    [Fact]
    public void Threshold_OfAForeignTimestep_IsRefused() =>
        Assert.Contains("timestep 3 is none of the trajectory's", Assert.Throws<ArgumentException>(() => new PairThreshold(Pairs(ThresholdRule.Sigma), Ddim(5)).At(3)).Message, StringComparison.Ordinal);

    [Fact]
    public void Rule_WithASingleStep_IsRefused() =>
        Assert.Contains("all steps are alike", Assert.Throws<ArgumentException>(() => new PairThreshold(Pairs(ThresholdRule.Sigma), Ddim(1))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(new[] { 2f }, new[] { 1f }, 1)]
    [InlineData(new[] { 1f }, new[] { 2f }, -1)]
    [InlineData(new[] { 1f }, new[] { 1f }, 0)]
    [InlineData(new[] { 2f, 1f }, new[] { 1f, 1f }, 1)]
    [InlineData(new[] { 2f, 0f }, new[] { 1f, 1f }, 0)]
    [InlineData(new[] { float.NaN }, new[] { 1f }, 0)]
    public void Trajectory_WithNoSmallerAndALargerReward_IsBetter(float[] first, float[] second, int expected) =>
        Assert.Equal(expected, TrajectoryPreference.Of(first, second));
}
