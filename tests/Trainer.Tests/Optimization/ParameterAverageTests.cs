using CsCheck;
using SpoActors.Specification;
using SpoActors.Trainer.Optimization;
using TorchSharp;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace SpoActors.Trainer.Tests.Optimization;

public sealed class ParameterAverageTests
{
    static readonly EmaSpecification Ramped = new() { Decay = 0.9 };

    [Fact]
    public void Average_WhenPlain_BeginsAsACopyAndMovesFromTheFirstUpdateOn()
    {
        using var scope = NewDisposeScope();
        var parameter = new Parameter(tensor(new[] { 4f }));
        using var average = new ParameterAverage([("a", parameter)], ParameterAverage.Plain(0.75));
        Assert.Equal(4, average.Values["a"].item<float>());
        Set(parameter, 8);
        Assert.Equal(0.75, average.Update());
        Assert.Equal(5, average.Values["a"].item<float>());
        Assert.Equal(8, parameter.item<float>());
    }

    [Fact]
    public void Average_WithARamp_IsExactlyTheParameterAfterTheFirstUpdate()
    {
        using var scope = NewDisposeScope();
        // Subtracting the difference of these two would leave a rounding error.
        var parameter = new Parameter(tensor(new[] { 16777216f }));
        using var average = new ParameterAverage([("a", parameter)], Ramped with { MinDecay = 0.5 });
        Set(parameter, 0.1f);
        Assert.Equal(0, average.Update());
        Assert.Equal(0.1f, average.Values["a"].item<float>());
        Assert.Equal(0.5, average.Update());
    }

    [Theory]
    [InlineData(EmaRamp.None, 0)]
    [InlineData(EmaRamp.Ratio, 1)]
    [InlineData(EmaRamp.Power, 1)]
    public void Decay_UntilUpdateAfterStep_IsACopy(EmaRamp ramp, int more)
    {
        var settings = new EmaSpecification { Decay = 0.9, Ramp = ramp, UpdateAfterStep = 3 };
        for (var update = 1; update <= 3 + more; update++) Assert.Equal(0, ParameterAverage.DecayAt(settings, update));
        Assert.True(ParameterAverage.DecayAt(settings, 4 + more) > 0);
    }

    [Fact]
    public void Decay_OfAnyUpdate_RisesToItsLimit() => (
        from ramp in Gen.Enum<EmaRamp>()
        from decay in Gen.Double[0.01, 0.9999]
        from least in Gen.Double[0, 1]
        from after in Gen.Int[0, 20]
        from gamma in Gen.Double[0.1, 50]
        from update in Gen.Int[1, 10_000]
        select (new EmaSpecification { Decay = decay, Ramp = ramp, MinDecay = least * decay, UpdateAfterStep = after, InvGamma = gamma }, update)).Sample(c =>
    {
        var (settings, update) = c;
        var now = ParameterAverage.DecayAt(settings, update);
        Assert.InRange(now, 0, settings.Decay!.Value);
        Assert.InRange(ParameterAverage.DecayAt(settings, update + 1), now, settings.Decay.Value);
    });

    [Theory]
    [InlineData(EmaRamp.None)]
    [InlineData(EmaRamp.Power)]
    public void Averaging_WhenSavedAndResumed_EndsBitForBitTheSame(EmaRamp ramp)
    {
        using var scope = NewDisposeScope();
        var settings = Ramped with { Ramp = ramp };
        Parameter a = new(zeros(7)), b = new(zeros(3, 2));
        (string, Parameter)[] parameters = [("b", b), ("a", a)];
        using var straight = new ParameterAverage(parameters, settings);
        Run(straight, 0, 4);
        var saved = straight.State().ToDictionary(s => s.Key, s => s.Value.clone());
        Run(straight, 4, 9);

        using var resumed = new ParameterAverage(parameters, settings);
        resumed.LoadState(saved);
        Assert.Equal(4, resumed.Updates);
        Run(resumed, 4, 9);
        Assert.All(straight.Values, v => Assert.True(v.Value.eq(resumed.Values[v.Key]).all().item<bool>(), v.Key));

        void Run(ParameterAverage average, int from, int to)
        {
            for (var step = from; step < to; step++)
            {
                using (no_grad())
                    foreach (var (_, parameter) in parameters) parameter.copy_(randn(parameter.shape, generator: new Generator((ulong)step)));
                average.Update();
            }
        }
    }

    [Fact]
    public void Average_WhenUpdated_LeavesGradientsAloneAndNoTensorsBehind()
    {
        using var scope = NewDisposeScope();
        var parameter = new Parameter(ones(3));
        (parameter * 2).sum().backward();
        using var average = new ParameterAverage([("a", parameter)], Ramped);
        average.Update();
        var before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
        for (var i = 0; i < 20; i++) average.Update();
        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        Assert.Equal([2f, 2f, 2f], parameter.grad!.data<float>().ToArray());
        Assert.False(average.Values["a"].requires_grad);
    }

    [Fact]
    public void LoadState_OfOtherParameters_ListsEverythingThatIsWrong()
    {
        using var scope = NewDisposeScope();
        using var average = new ParameterAverage([("a", new Parameter(zeros(2)))], Ramped);
        var error = Assert.Throws<ArgumentException>(() => average.LoadState(new Dictionary<string, Tensor> { ["average.a"] = zeros(3), ["average.b"] = zeros(2) }));
        Assert.StartsWith("the average's state is not of these parameters: average_updates is missing; average.b is not expected; " +
            "average.a is Float32 [3], expected Float32 [2]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Average_WithoutADecay_IsRefused()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentException>(() => new ParameterAverage([("a", new Parameter(zeros(2)))], new EmaSpecification()));
    }

    static void Set(Parameter parameter, float value)
    {
        using var _ = no_grad();
        parameter.fill_(value);
    }
}
