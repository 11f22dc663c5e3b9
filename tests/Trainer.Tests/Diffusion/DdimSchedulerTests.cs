using CsCheck;
using SpoActors.Trainer.Diffusion;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Diffusion;

public sealed class DdimSchedulerTests
{
    [Fact]
    public void Predict_OfTheTrueTarget_GivesBackX0AndNoise() =>
        Gen.Select(Gen.Enum<PredictionType>(), Gen.Long[0, 999], Gen.Long[0, 1000]).Sample((type, t, seed) =>
        {
            using var scope = NewDisposeScope();
            var schedule = Schedules.Of(type);
            var (x0, noise) = Draw((ulong)seed);
            var t_B = full([2], t, ScalarType.Int64);
            var sample = schedule.AddNoise(x0, noise, t_B);
            var target = type switch
            {
                PredictionType.Epsilon => noise,
                PredictionType.Sample => x0,
                _ => schedule.Velocity(x0, noise, t_B),
            };
            var (predicted, epsilon) = new DdimScheduler(schedule, 20).Predict(target, t, sample);
            // Rounding is divided by sqrt(ᾱ) or by sqrt(1 - ᾱ), whichever the conversion divides by.
            var alpha = schedule.AlphasCumprod[(int)t];
            Assert.True(predicted.allclose(x0, atol: 2e-6 / Math.Sqrt(alpha)));
            Assert.True(epsilon.allclose(noise, atol: 2e-6 / Math.Sqrt(1 - alpha)));
        }, iter: 60);

    [Fact]
    public void Step_WhenItsTimestepIsPastTheTable_FailsThereWithTheFix()
    {
        using var scope = NewDisposeScope();
        var ddim = new DdimScheduler(NoiseSchedule.Create(Schedules.StableDiffusion with { TimestepSpacing = TimestepSpacing.Leading, StepsOffset = 1 }), 1000);
        var (sample, output) = Draw(3);
        Assert.Equal(1000, ddim.Timesteps[0]);
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => ddim.Step(output, ddim.Timesteps[0], sample));
        Assert.Contains("timestep 1000 is past the 1000 of training (0 to 999)", error.Message, StringComparison.Ordinal);
        Assert.True(ddim.Step(output, ddim.Timesteps[1], sample).isfinite().all().item<bool>());
    }

    [Fact]
    public void Step_WithEtaZero_IsTheDeterministicStepWhateverTheNoise()
    {
        using var scope = NewDisposeScope();
        var schedule = Schedules.Of(PredictionType.Epsilon);
        var ddim = new DdimScheduler(schedule, 20);
        var (sample, output) = Draw(3);
        var t = ddim.Timesteps[7];
        double alpha = schedule.AlphasCumprod[(int)t], previous = schedule.AlphasCumprod[(int)t - 50];
        var x0 = (sample - Math.Sqrt(1 - alpha) * output) / Math.Sqrt(alpha);
        var expected = Math.Sqrt(previous) * x0 + Math.Sqrt(1 - previous) * output;
        Assert.True(ddim.Step(output, t, sample).allclose(expected, atol: 1e-5));
        Assert.True(ddim.Step(output, t, sample, Draw(4).Second).eq(ddim.Step(output, t, sample)).all().item<bool>());
    }

    [Fact]
    public void Coefficients_OfOneTimestepOrOnePerRow_AreTheSame()
    {
        using var scope = NewDisposeScope();
        var ddim = new DdimScheduler(Schedules.Of(PredictionType.VPrediction), 20, eta: 1, DdimLastStep.ClampToFirst);
        var (sample, output) = Draw(5);
        foreach (var t in ddim.Timesteps)
        {
            var (x0, epsilon) = ddim.Predict(output, t, sample);
            var (mean, std) = ddim.MeanAndStd(x0, epsilon, t);
            var t_B = full([2], t, ScalarType.Int64);
            var (x0ByRow, epsilonByRow) = ddim.Predict(output, t_B, sample);
            var (meanByRow, stdByRow) = ddim.MeanAndStd(x0ByRow, epsilonByRow, t_B);
            Assert.True(mean.eq(meanByRow).all().item<bool>());
            Assert.Equal(ddim.StdDev(t), std.item<float>());
            Assert.True(stdByRow.eq(std).all().item<bool>());
        }
    }

    [Fact]
    public void LogProb_OfAnyPoint_IsLowerThanAtTheMean() =>
        Gen.Select(Gen.Int[0, 19], Gen.Double[0.1, 1], Gen.Long[0, 1000]).Sample((step, eta, seed) =>
        {
            using var scope = NewDisposeScope();
            var ddim = new DdimScheduler(Schedules.Of(PredictionType.Epsilon), 20, eta, DdimLastStep.ClampToFirst);
            var (sample, output) = Draw((ulong)seed);
            var t = ddim.Timesteps[step];
            var t_B = full([2], t, ScalarType.Int64);
            var (x0, epsilon) = ddim.Predict(output, t, sample);
            var (mean, std) = ddim.MeanAndStd(x0, epsilon, t);
            var atMean = ddim.LogProb(output, t_B, sample, mean);
            var elsewhere = ddim.LogProb(output, t_B, sample, mean + std * Draw((ulong)seed + 1).Second);
            Assert.True(atMean.gt(elsewhere).all().item<bool>());
            // At the mean only the normalisation is left.
            Assert.Equal(-Math.Log(ddim.StdDev(t)) - 0.5 * Math.Log(2 * Math.PI), atMean[0].item<float>(), 1e-4);
        }, iter: 60);

    [Fact]
    public void LogProb_OfAPoint_IsDifferentiableInTheOutputAndConstantInThePoint()
    {
        using var scope = NewDisposeScope();
        var ddim = new DdimScheduler(Schedules.Of(PredictionType.Epsilon), 20, 1, DdimLastStep.ClampToFirst);
        var (sample, output) = Draw(6);
        Tensor next = Draw(7).First.requires_grad_(true), learned = output.requires_grad_(true);
        ddim.LogProb(learned, full([2], ddim.Timesteps[10], ScalarType.Int64), sample, next).sum().backward();
        Assert.True(learned.grad!.abs().sum().item<float>() > 0);
        Assert.Null(next.grad);
    }

    // The reference goes to ᾱ_0 where diffusers goes to the final alpha; with set_alpha_to_one the latter has no noise.
    [Fact]
    public void LastStep_ByTheReferencesRule_KeepsItsNoise()
    {
        var schedule = NoiseSchedule.Create(Schedules.StableDiffusion with { SetAlphaToOne = true });
        DdimScheduler diffusers = new(schedule, 20, eta: 1), reference = new(schedule, 20, eta: 1, DdimLastStep.ClampToFirst);
        Assert.Equal(diffusers.Timesteps.SkipLast(1).Select(diffusers.StdDev), reference.Timesteps.SkipLast(1).Select(reference.StdDev));
        Assert.Equal(0, diffusers.StdDev(diffusers.Timesteps[^1]));
        Assert.True(reference.StdDev(reference.Timesteps[^1]) > 0);
    }

    [Fact]
    public void Step_AtZeroSnrWithEtaOne_IsFinite()
    {
        using var scope = NewDisposeScope();
        var schedule = NoiseSchedule.Create(Schedules.StableDiffusion with
        {
            RescaleBetasZeroSnr = true,
            TimestepSpacing = TimestepSpacing.Trailing,
            PredictionType = PredictionType.VPrediction,
        });
        var (sample, output) = Draw(8);
        Assert.All(Enumerable.Range(1, 50), steps =>
        {
            var ddim = new DdimScheduler(schedule, steps, eta: 1);
            Assert.Equal(999, ddim.Timesteps[0]);
            Assert.True(ddim.Step(output, 999, sample, sample).isfinite().all().item<bool>());
        });
    }

    [Fact]
    public void Clipping_WhenConfigured_BoundsX0()
    {
        using var scope = NewDisposeScope();
        var (sample, output) = Draw(9);
        var clipped = Predict(Schedules.StableDiffusion with { ClipSample = true, ClipSampleRange = 0.5 });
        Assert.Equal(0.5f, clipped.abs().max().item<float>());
        var thresholded = Predict(Schedules.StableDiffusion with { Thresholding = true, DynamicThresholdingRatio = 0.9, SampleMaxValue = 100 });
        Assert.Equal(1, thresholded.abs().max().item<float>());
        Assert.InRange(thresholded.abs().eq(1).to(ScalarType.Float32).mean().item<float>(), 0.09f, 0.12f);

        Tensor Predict(SchedulerConfig config) => new DdimScheduler(NoiseSchedule.Create(config), 20).Predict(output, 951, sample).X0;
    }

    [Fact]
    public void Epsilon_AtZeroSnr_IsRefusedWithTheFix()
    {
        var schedule = NoiseSchedule.Create(Schedules.StableDiffusion with { RescaleBetasZeroSnr = true, TimestepSpacing = TimestepSpacing.Trailing });
        Assert.Contains("v_prediction", Assert.Throws<ArgumentException>(() => new DdimScheduler(schedule, 10)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(1.1)]
    [InlineData(double.NaN)]
    public void Eta_OutsideItsRange_IsRefused(double eta) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new DdimScheduler(Schedules.Of(PredictionType.Epsilon), 20, eta));

    [Fact]
    public void Step_WithEtaAndNoNoise_SaysSo()
    {
        using var scope = NewDisposeScope();
        var (sample, output) = Draw(10);
        var ddim = new DdimScheduler(Schedules.Of(PredictionType.Epsilon), 20, eta: 1);
        Assert.Throws<ArgumentNullException>(() => ddim.Step(output, ddim.Timesteps[0], sample));
    }

    static (Tensor First, Tensor Second) Draw(ulong seed)
    {
        var generator = new Generator(seed, CPU);
        return (randn([2, 4, 6, 5], generator: generator), randn([2, 4, 6, 5], generator: generator));
    }
}
