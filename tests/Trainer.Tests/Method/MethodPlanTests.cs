using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Tests.Diffusion;

namespace SpoActors.Trainer.Tests.Method;

public sealed class MethodPlanTests
{
    // The last step starts at timestep 0.
    static readonly NoiseSchedule Linspace = NoiseSchedule.Create(Schedules.StableDiffusion with { TimestepSpacing = TimestepSpacing.Linspace });

    static readonly RunSpecification Run = new() { Sampling = new SamplingSpecification { Steps = 10 }, Pairs = new PairSpecification { Threshold = 0.3 } };

    [Fact]
    public void NoiselessStep_WhereAThresholdDropsItsEqualCandidates_IsAllowed() => Assert.Equal(0, new MethodPlan(Run).Process(Linspace).Timesteps[^1]);

    [Fact]
    public void NoiselessStep_WhereNothingIsDrawn_IsAllowed() =>
        new MethodPlan(Run with { Pairs = new PairSpecification { Threshold = -1 }, Sampling = Run.Sampling with { DivertEndStep = 9 } }).Process(Linspace);

    [Fact]
    public void Steps_ThatBeginPastTheTable_AreRefusedBeforeAnyWork()
    {
        var offset = NoiseSchedule.Create(Schedules.StableDiffusion with { TimestepSpacing = TimestepSpacing.Leading, StepsOffset = 1 });
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => new MethodPlan(Run with { Sampling = Run.Sampling with { Steps = 1000 } }).Process(offset));
        Assert.Contains("take fewer steps", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1, 0)]
    [InlineData(0, 0)]
    [InlineData(0.3, 2)]
    public void NoiselessStep_WhoseLogProbabilityIsNeeded_IsRefusedWithTheFix(double threshold, int innerSteps)
    {
        var run = Run with { Pairs = new PairSpecification { Threshold = threshold }, Sampling = Run.Sampling with { InnerSteps = innerSteps } };
        var error = Assert.Throws<ArgumentException>(() => new MethodPlan(run).Process(Linspace));
        Assert.Contains("the step from timestep 0 has no noise", error.Message, StringComparison.Ordinal);
        Assert.Contains("steps_offset 1", error.Message, StringComparison.Ordinal);
    }
}
