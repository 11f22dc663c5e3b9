using CsCheck;
using SpoActors.Specification;
using SpoActors.Trainer.Method.Sampling;

namespace SpoActors.Trainer.Tests.Method.Sampling;

public sealed class SegmentPlanTests
{
    [Fact]
    public void Plan_OfSingleStepSpo_HasOneSegmentPerDivertedStep() =>
        Assert.Equal(
            [new(4, 4), new(5, 5), new(6, 6), new(7, 7)],
            SegmentPlan.Create(new SamplingSpecification { Steps = 8, DivertStartStep = 4 }).Segments);

    [Fact]
    public void Plan_OfMultiStepSpo_GroupsInnerStepsAndExtendsTheLastSegment() =>
        Assert.Equal(
            [new(4, 7), new(8, 11), new(12, 15), new(16, 19)],
            SegmentPlan.Create(new SamplingSpecification { Steps = 20, DivertStartStep = 4, InnerSteps = 3 }).Segments);

    [Fact]
    public void Plan_WhenASegmentWouldStartAtTheLastStepOfMspo_ExtendsTheOneBefore() =>
        Assert.Equal(
            [new(2, 3), new(4, 6)],
            SegmentPlan.Create(new SamplingSpecification { Steps = 7, DivertStartStep = 2, InnerSteps = 1 }).Segments);

    [Fact]
    public void Plan_WhenTheRangeEndsEarly_DrawsNoCandidatesAfterIt() =>
        Assert.Equal(
            [new(2, 2), new(3, 3)],
            SegmentPlan.Create(new SamplingSpecification { Steps = 8, DivertStartStep = 2, DivertEndStep = 4 }).Segments);

    [Fact]
    public void Plan_WhenNoStepDiverts_IsRefused() =>
        Assert.Throws<ArgumentException>(() => SegmentPlan.Create(new SamplingSpecification { Steps = 8, DivertStartStep = 8 }));

    [Fact]
    public void Plan_OfAnySetting_CoversItsRangeWithoutGaps() =>
        Gen.Select(Gen.Int[2, 40], Gen.Int[0, 39], Gen.Int[0, 6], Gen.Enum<LastStepRule>()).Where((steps, divert, _, _) => divert < steps - 1)
            .Sample((steps, divert, inner, rule) =>
            {
                var plan = SegmentPlan.Create(new SamplingSpecification { Steps = steps, DivertStartStep = divert, InnerSteps = inner, LastStep = rule });
                Assert.Equal(divert, plan.Segments[0].Start);
                Assert.Equal(steps - 1, plan.Segments[^1].End);
                for (int i = 1; i < plan.Segments.Count; i++) Assert.Equal(plan.Segments[i - 1].End + 1, plan.Segments[i].Start);
            });
}
