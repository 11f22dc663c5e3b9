using SpoActors.Trainer.Optimization;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace SpoActors.Trainer.Tests.Optimization;

public sealed class LossScalerTests : IDisposable
{
    readonly Parameter parameter = new(ones(2));

    public void Dispose() => parameter.Dispose();

    LossScaler Scaler(int growthInterval = 2000) => new([("a", parameter)]) { GrowthInterval = growthInterval };

    bool Step(LossScaler scaler, float gradient)
    {
        using var scope = NewDisposeScope();
        parameter.grad = tensor(new[] { 1f, gradient }) * scaler.Scale;
        return scaler.Unscale();
    }

    [Fact]
    public void Unscaling_OfFiniteGradients_GivesBackTheirBits()
    {
        using var scope = NewDisposeScope();
        Assert.True(Step(Scaler(), 0.1f));
        Assert.Equal([1f, 0.1f], parameter.grad!.data<float>().ToArray());
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Scale_WhenAGradientIsNotFinite_IsHalvedAndTheCountOfGoodStepsStartsAnew(float gradient)
    {
        var scaler = Scaler(growthInterval: 3);
        Assert.True(Step(scaler, 1) && Step(scaler, 1));
        Assert.False(Step(scaler, gradient));
        Assert.Equal((32768, 0, 1), (scaler.Scale, scaler.GoodSteps, scaler.SkippedInARow));
        Assert.True(Step(scaler, 1) && Step(scaler, 1));
        Assert.Equal((32768, 2, 0), (scaler.Scale, scaler.GoodSteps, scaler.SkippedInARow));
        Assert.True(Step(scaler, 1));
        Assert.Equal((65536, 0), (scaler.Scale, scaler.GoodSteps));
    }

    [Fact]
    public void Scale_AfterEndlessGrowth_StaysAFiniteNumberOfFloat32()
    {
        var scaler = Scaler(growthInterval: 1);
        for (var i = 0; i < 200; i++) Assert.True(Step(scaler, 0));
        Assert.True(float.IsFinite((float)scaler.Scale) && float.IsNormal((float)(1 / scaler.Scale)));
    }

    [Fact]
    public void Unscaling_WhenEverySmallerScaleOverflowsToo_EndsWithTheNameOfTheParameter()
    {
        var scaler = Scaler();
        for (var i = 1; i < LossScaler.MostSkipped; i++) Assert.False(Step(scaler, float.NaN));
        var error = Assert.Throws<NotFiniteNumberException>(() => Step(scaler, float.NaN));
        Assert.Contains("20 optimizer steps in a row", error.Message, StringComparison.Ordinal);
        Assert.Contains("not finite: a. Lower optimizer.learning_rate", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Unscaling_WhenALargeScaleFallsALongWay_GoesOn()
    {
        var scaler = Scaler(growthInterval: 1);
        for (var i = 0; i < 20; i++) Step(scaler, 1);
        for (var i = 0; i < 30; i++) Assert.False(Step(scaler, float.PositiveInfinity));
        Assert.True(scaler.Scale >= 1);
    }

    [Fact]
    public void State_WhenTakenOver_IsTheSame()
    {
        using var scope = NewDisposeScope();
        var first = Scaler();
        Step(first, 1);
        Step(first, float.NaN);
        Step(first, 1);
        Step(first, float.NaN);
        var second = Scaler();
        second.LoadState(first.State());
        Assert.Equal((16384, 0, 1), (second.Scale, second.GoodSteps, second.SkippedInARow));
        Assert.Throws<ArgumentException>(() => second.LoadState(new Dictionary<string, Tensor>()));
    }
}
