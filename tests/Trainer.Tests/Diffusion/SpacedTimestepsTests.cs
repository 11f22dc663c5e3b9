using CsCheck;
using SpoActors.Trainer.Diffusion;

namespace SpoActors.Trainer.Tests.Diffusion;

public sealed class SpacedTimestepsTests
{
    [Fact]
    public void Timesteps_OfAnyCountSpacingAndOffset_FallStrictlyWithinTheTable() =>
        Gen.Select(Gen.Int[1, 1000], Gen.Enum<TimestepSpacing>(), Gen.Int[0, 1]).Sample((steps, spacing, offset) =>
        {
            var timesteps = SpacedTimesteps.Of(new SchedulerConfig { StepsOffset = offset }, spacing, steps);
            Assert.Equal(steps, timesteps.Length);
            // As many leading steps as timesteps leave no room for the offset.
            Assert.All(timesteps, t => Assert.InRange(t, 0, (spacing, offset, steps) is (TimestepSpacing.Leading, 1, 1000) ? 1000 : 999));
            Assert.All(timesteps.Zip(timesteps.Skip(1)), pair => Assert.True(pair.First > pair.Second));
        });

    [Fact]
    public void Timesteps_OfAsManyLeadingStepsAsTimestepsWithAnOffset_AreThoseOfDiffusers() =>
        Assert.Equal(Enumerable.Range(1, 1000).Reverse().Select(t => (long)t), SpacedTimesteps.Of(new SchedulerConfig { StepsOffset = 1 }, TimestepSpacing.Leading, 1000));

    [Fact]
    public void DpmSolverTimesteps_OfAnyCountSpacingAndOffset_NeverRise() =>
        Gen.Select(Gen.Int[1, 1000], Gen.Enum<TimestepSpacing>(), Gen.Int[0, 1]).Sample((steps, spacing, offset) =>
        {
            var timesteps = SpacedTimesteps.OfDpmSolver(new SchedulerConfig { StepsOffset = offset }, spacing, steps);
            Assert.Equal(steps, timesteps.Length);
            Assert.All(timesteps, t => Assert.InRange(t, 0, 999));
            Assert.All(timesteps.Zip(timesteps.Skip(1)), pair => Assert.True(pair.First >= pair.Second));
        });

    [Theory]
    [InlineData(0)]
    [InlineData(1001)]
    public void Timesteps_OfTooFewOrTooManySteps_AreRefusedWithTheLimit(int steps) =>
        Assert.Contains("expected 1 to 1000", Assert.Throws<ArgumentOutOfRangeException>(
            () => SpacedTimesteps.Of(new SchedulerConfig(), TimestepSpacing.Leading, steps)).Message, StringComparison.Ordinal);
}
