using SpoActors.Trainer.Diffusion;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Diffusion;

public sealed class ClassifierFreeGuidanceTests
{
    [Fact]
    public void Combine_WithScaleOneOrZero_IsTheConditionalOrUnconditionalPrediction()
    {
        using var scope = NewDisposeScope();
        var (unconditional, conditional) = Draw();
        Assert.True(ClassifierFreeGuidance.Combine(unconditional, conditional, 1).allclose(conditional, atol: 1e-6));
        Assert.True(ClassifierFreeGuidance.Combine(unconditional, conditional, 0).allclose(unconditional, atol: 1e-6));
    }

    [Fact]
    public void Combine_WithRescaleOne_HasTheConditionalsDeviationInEveryRow()
    {
        using var scope = NewDisposeScope();
        var (unconditional, conditional) = Draw();
        var guided = ClassifierFreeGuidance.Combine(unconditional, conditional, 7.5, rescale: 1);
        Assert.True(Deviation(guided).allclose(Deviation(conditional), rtol: 1e-5));

        static Tensor Deviation(Tensor rows) => rows.flatten(1).std(1);
    }

    [Fact]
    public void Combine_WithRescaleBetween_MixesLinearly()
    {
        using var scope = NewDisposeScope();
        var (unconditional, conditional) = Draw();
        Tensor Guided(double rescale) => ClassifierFreeGuidance.Combine(unconditional, conditional, 7.5, rescale);
        Assert.True(Guided(0.7).allclose(0.7 * Guided(1) + 0.3 * Guided(0), atol: 1e-5));
    }

    [Fact]
    public void Combine_OfEqualPredictions_IsThatPredictionWhateverScaleAndRescale()
    {
        using var scope = NewDisposeScope();
        var (_, conditional) = Draw();
        Assert.True(ClassifierFreeGuidance.Combine(conditional, conditional, 7.5, 0.5).allclose(conditional, atol: 1e-6));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    public void Combine_WithRescaleOutsideItsRange_IsRefused(double rescale)
    {
        using var scope = NewDisposeScope();
        var (unconditional, conditional) = Draw();
        Assert.Throws<ArgumentOutOfRangeException>(() => ClassifierFreeGuidance.Combine(unconditional, conditional, 5, rescale));
    }

    static (Tensor, Tensor) Draw()
    {
        var generator = new Generator(2, CPU);
        return (randn([3, 4, 6, 5], generator: generator), randn([3, 4, 6, 5], generator: generator));
    }
}
