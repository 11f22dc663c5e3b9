using SpoActors.Specification;
using SpoActors.Trainer.Optimization;
using TorchSharp;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace SpoActors.Trainer.Tests.Optimization;

public sealed class AccumulatingOptimizerTests
{
    static readonly OptimizerSpecification Settings = new()
    {
        LearningRate = 1e-2,
        MaxGradNorm = 0.5,
        Schedule = new ScheduleSpecification { Kind = ScheduleKind.Linear, WarmupSteps = 2, Steps = 6 },
    };

    static readonly OptimizerSpecification Scaled = Settings with { LossScaling = LossScaling.Dynamic };

    static AccumulatingOptimizer Optimizer(Parameter parameter, OptimizerSpecification? settings = null, int accumulation = 1, NumberType dtype = NumberType.Float32) =>
        new([("a", parameter)], settings ?? Settings, accumulation, dtype);

    static Parameter Start() => new(tensor(new[] { 1f, -2f, 3f }));

    static OptimizerStep? Minibatch(AccumulatingOptimizer optimizer, Parameter parameter, int index, bool isLast = false)
    {
        using var scope = NewDisposeScope();
        optimizer.Backward((parameter * (index + 1)).sin().mean());
        return optimizer.Advance(isLast);
    }

    [Fact]
    public void Steps_WithTheirSchedule_AreAdamWsAtTheScheduledRates()
    {
        using var scope = NewDisposeScope();
        Parameter ours = Start(), plain = Start();
        using var optimizer = Optimizer(ours);
        using var adam = new AdamW([("a", plain)], Settings);
        var schedule = new LearningRateSchedule(Settings);
        for (var i = 0; i < 8; i++)
        {
            var step = Minibatch(optimizer, ours, i)!;
            (plain * (i + 1)).sin().mean().backward();
            adam.LearningRate = schedule.At(i);
            Assert.Equal(new OptimizerStep(adam.Step(), schedule.At(i), null, false), step);
            adam.ZeroGrad();
            Assert.True(ours.eq(plain).all().item<bool>());
            Assert.Null(ours.grad);
        }
        Assert.Equal((8, 8), (optimizer.Minibatches, optimizer.Steps));
    }

    [Fact]
    public void Minibatches_LeftOverAtTheEndOfAPass_AreCarriedOver()
    {
        using var scope = NewDisposeScope();
        var parameter = Start();
        using var optimizer = Optimizer(parameter, accumulation: 3);
        var stepped = Enumerable.Range(0, 7).Select(i => Minibatch(optimizer, parameter, i) is not null).ToArray();
        Assert.Equal([false, false, true, false, false, true, false], stepped);
        Assert.True(optimizer.IsAccumulating);
        Assert.NotNull(parameter.grad);
    }

    [Fact]
    public void Minibatches_LeftOverAtTheLastOne_StepAndCountingBeginsAnew()
    {
        using var scope = NewDisposeScope();
        var parameter = Start();
        using var optimizer = Optimizer(parameter, accumulation: 3);
        var stepped = Enumerable.Range(0, 8).Select(i => Minibatch(optimizer, parameter, i, isLast: i == 3) is not null).ToArray();
        Assert.Equal([false, false, true, true, false, false, true, false], stepped);
    }

    // Every factor is a power of two, and float32 has room for it.
    [Fact]
    public void LossScaling_WhereNothingOverflows_ChangesNoBit()
    {
        using var scope = NewDisposeScope();
        Parameter ours = Start(), plain = Start();
        using var optimizer = Optimizer(ours, Scaled, accumulation: 2);
        using var without = Optimizer(plain, accumulation: 2);
        for (var i = 0; i < 9; i++)
        {
            var (step, expected) = (Minibatch(optimizer, ours, i), Minibatch(without, plain, i));
            Assert.Equal(expected is null ? null : expected with { LossScale = 65536 }, step);
            Assert.True(ours.eq(plain).all().item<bool>());
        }
    }

    [Theory]
    [InlineData(LossScaling.Auto, NumberType.Float16, true)]
    [InlineData(LossScaling.Auto, NumberType.BFloat16, false)]
    [InlineData(LossScaling.Auto, NumberType.Float32, false)]
    [InlineData(LossScaling.Dynamic, NumberType.BFloat16, true)]
    [InlineData(LossScaling.None, NumberType.Float16, false)]
    public void LossScaling_InATypeOfTheModel_IsAsTheSettingSays(LossScaling scaling, NumberType dtype, bool scales)
    {
        using var scope = NewDisposeScope();
        var parameter = Start();
        using var optimizer = Optimizer(parameter, Settings with { LossScaling = scaling }, dtype: dtype);
        Assert.Equal(scales, Minibatch(optimizer, parameter, 0)!.LossScale is not null);
    }

    // 65536 is beyond float16's largest number, 65504: the first step overflows, the second one, at half the factor, does not.
    [Fact]
    public void Step_WhenFloat16Overflows_IsLeftOutAndDoneAtASmallerScale()
    {
        using var scope = NewDisposeScope();
        var parameter = Start();
        using var optimizer = Optimizer(parameter, Scaled, dtype: NumberType.Float16);

        var skipped = Half()!;
        Assert.True(skipped is { WasSkipped: true, LossScale: 65536, GradientNorm: double.NaN });
        Assert.Equal([1f, -2f, 3f], parameter.data<float>().ToArray());
        Assert.All(optimizer.State().Where(s => s.Key.StartsWith("exp_avg", StringComparison.Ordinal)), s => Assert.Equal(0, s.Value.abs().sum().item<float>()));
        Assert.Equal((1, 0), (optimizer.Minibatches, optimizer.Steps));
        Assert.Null(parameter.grad);

        var done = Half()!;
        Assert.True(done is { WasSkipped: false, LossScale: 32768 });
        Assert.Equal(skipped.LearningRate, done.LearningRate);
        Assert.Equal(Math.Sqrt(3), done.GradientNorm, 1e-6);

        OptimizerStep? Half()
        {
            optimizer.Backward(parameter.to_type(ScalarType.Float16).to_type(ScalarType.Float32).sum());
            return optimizer.Advance();
        }
    }

    [Fact]
    public void Step_OfANaNWithoutLossScaling_StopsWithAdvice()
    {
        using var scope = NewDisposeScope();
        var parameter = Start();
        using var optimizer = Optimizer(parameter);
        optimizer.Backward((parameter * float.NaN).sum());
        var error = Assert.Throws<NotFiniteNumberException>(() => optimizer.Advance());
        Assert.Contains("--resume --branch NAME", error.Message, StringComparison.Ordinal);
        Assert.Equal([1f, -2f, 3f], parameter.data<float>().ToArray());
    }

    [Theory]
    [InlineData(LossScaling.None)]
    [InlineData(LossScaling.Dynamic)]
    public void Training_WhenSavedInTheMiddleOfAStepAndResumed_EndsBitForBitTheSame(LossScaling scaling)
    {
        using var scope = NewDisposeScope();
        var settings = Settings with { LossScaling = scaling };
        var straight = Start();
        using var first = Optimizer(straight, settings, accumulation: 3);
        for (var i = 0; i < 5; i++) Minibatch(first, straight, i);
        var saved = first.State().ToDictionary(s => s.Key, s => s.Value.clone());
        var resumed = new Parameter(straight.detach().clone()) { grad = straight.grad!.clone() };
        for (var i = 5; i < 14; i++) Minibatch(first, straight, i);

        using var second = Optimizer(resumed, settings, accumulation: 3);
        second.LoadState(saved);
        for (var i = 5; i < 14; i++) Minibatch(second, resumed, i);
        Assert.True(straight.eq(resumed).all().item<bool>());
        Assert.Equal((first.Minibatches, first.Steps), (second.Minibatches, second.Steps));
    }

    [Fact]
    public void LoadState_OfARunWithoutLossScaling_SaysWhatIsMissing()
    {
        using var scope = NewDisposeScope();
        using var without = Optimizer(Start());
        using var with = Optimizer(Start(), Scaled);
        var error = Assert.Throws<ArgumentException>(() => with.LoadState(without.State()));
        Assert.Contains("scaler.counts is missing; scaler.scale is missing", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Minibatches_OverManyIterations_LeaveNoTensorsBehind()
    {
        using var scope = NewDisposeScope();
        var parameter = Start();
        using var optimizer = Optimizer(parameter, Scaled, accumulation: 2);
        for (var i = 0; i < 2; i++) Minibatch(optimizer, parameter, i);
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 20; i++) Minibatch(optimizer, parameter, i);
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }
}
