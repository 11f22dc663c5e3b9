using CsCheck;
using SpoActors.Specification;
using SpoActors.Trainer.Optimization;

namespace SpoActors.Trainer.Tests.Optimization;

public sealed class LearningRateScheduleTests
{
    static LearningRateSchedule Schedule(ScheduleKind kind, int warmup = 0, int? steps = null, int cycles = 1, double power = 1) => new(new OptimizerSpecification
    {
        LearningRate = 1e-3,
        Schedule = new ScheduleSpecification { Kind = kind, WarmupSteps = warmup, Steps = steps, Cycles = cycles, Power = power },
    });

    [Theory]
    [InlineData(ScheduleKind.Constant, 0, 1e-3)]
    [InlineData(ScheduleKind.Constant, 1000, 1e-3)]
    [InlineData(ScheduleKind.ConstantWithWarmup, 0, 0)]
    [InlineData(ScheduleKind.ConstantWithWarmup, 5, 0.5e-3)]
    [InlineData(ScheduleKind.ConstantWithWarmup, 10, 1e-3)]
    [InlineData(ScheduleKind.Linear, 10, 1e-3)]
    [InlineData(ScheduleKind.Linear, 20, 0.75e-3)]
    [InlineData(ScheduleKind.Linear, 50, 0)]
    [InlineData(ScheduleKind.Linear, 60, 0)]
    [InlineData(ScheduleKind.Cosine, 30, 0.5e-3)]
    [InlineData(ScheduleKind.Cosine, 50, 0)]
    [InlineData(ScheduleKind.Cosine, 90, 1e-3)]
    [InlineData(ScheduleKind.CosineWithRestarts, 30, 1e-3)]
    [InlineData(ScheduleKind.CosineWithRestarts, 50, 0)]
    [InlineData(ScheduleKind.CosineWithRestarts, 90, 0)]
    [InlineData(ScheduleKind.Polynomial, 30, (1e-3 - 1e-7) / 4 + 1e-7)]
    [InlineData(ScheduleKind.Polynomial, 50, 1e-7)]
    [InlineData(ScheduleKind.Polynomial, 90, 1e-7)]
    public void Rate_OfAStep_IsDiffusers(ScheduleKind kind, long step, double expected) =>
        Assert.Equal(expected, Schedule(kind, kind == ScheduleKind.Constant ? 0 : 10, 50, cycles: 2, power: 2).At(step), 1e-12);

    [Fact]
    public void Rate_OfAnyKindAndStep_IsBetweenZeroAndTheFullRate() => (
        from kind in Gen.Enum<ScheduleKind>()
        from warmup in Gen.Int[0, 40]
        from rest in Gen.Int[1, 60]
        from cycles in Gen.Int[1, 5]
        from power in Gen.Double[0.1, 4]
        from step in Gen.Int[0, 300]
        select (kind, warmup, rest, cycles, power, step)).Sample(c =>
    {
        var schedule = Schedule(c.kind, c.warmup, c.warmup + c.rest, c.cycles, c.power);
        Assert.InRange(schedule.At(c.step), 0, 1e-3 * (1 + 1e-12));
        if (c.kind != ScheduleKind.Constant && c.warmup > 0) Assert.Equal(0, schedule.At(0));
        Assert.Equal(1e-3, schedule.At(c.warmup), 1e-12);
    });

    [Fact]
    public void Rate_OfAFallingKind_TakesTheRunsStepsWhereItHasNone()
    {
        var settings = new OptimizerSpecification { Schedule = new ScheduleSpecification { Kind = ScheduleKind.Linear } };
        Assert.Equal(settings.LearningRate / 2, new LearningRateSchedule(settings, plannedSteps: 8).At(4), 1e-15);
        var error = Assert.Throws<ArgumentException>(() => new LearningRateSchedule(settings));
        Assert.Contains("set optimizer.schedule.steps", error.Message, StringComparison.Ordinal);
    }
}
