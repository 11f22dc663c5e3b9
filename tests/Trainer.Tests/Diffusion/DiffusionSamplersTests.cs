using CsCheck;
using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Diffusion.Samplers;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Diffusion;

public sealed class DiffusionSamplersTests
{
    // If all data were one point, the best prediction of x_0 would be that point, and every sampler must arrive there.
    [Fact]
    public void Trajectory_WithThePerfectModelOfOnePoint_EndsAtThatPoint() =>
        Gen.Select(Gen.Enum<SchedulerKind>(), Gen.Enum<PredictionType>(), Gen.Int[1, 40], Gen.Long[0, 1000]).Sample((kind, type, steps, seed) =>
        {
            using var scope = NewDisposeScope();
            var generator = new Generator((ulong)seed, CPU);
            Tensor point = randn([2, 3, 4, 4], generator: generator), x = randn([2, 3, 4, 4], generator: generator);
            var schedule = NoiseSchedule.Create(Schedules.StableDiffusion with { PredictionType = type, SetAlphaToOne = true, TimestepSpacing = TimestepSpacing.Leading });
            using var sampler = DiffusionSamplers.Create(kind, schedule, steps);
            x *= sampler.InitNoiseSigma;
            for (var step = 0; step < steps; step++)
            {
                double alpha = schedule.AlphasCumprod[(int)sampler.Timesteps[step]];
                var noise = (sampler.ScaleModelInput(x, step) - Math.Sqrt(alpha) * point) / Math.Sqrt(1 - alpha);
                var output = type switch
                {
                    PredictionType.Epsilon => noise,
                    PredictionType.Sample => point,
                    _ => Math.Sqrt(alpha) * noise - Math.Sqrt(1 - alpha) * point,
                };
                x = sampler.Step(output, step, x);
            }
            Assert.True(x.allclose(point, atol: 2e-4), $"off by {(x - point).abs().max().item<float>()}");
        }, iter: 60);

    [Fact]
    public void Timesteps_OfEverySamplerAndCount_NeverRise() =>
        Gen.Select(Gen.Enum<SchedulerKind>(), Gen.Enum<TimestepSpacing>(), Gen.Bool, Gen.Int[1, 1000]).Sample((kind, spacing, karras, steps) =>
        {
            var schedule = NoiseSchedule.Create(Schedules.StableDiffusion with { TimestepSpacing = spacing, UseKarrasSigmas = karras });
            using var sampler = DiffusionSamplers.Create(kind, schedule, steps);
            Assert.Equal(steps, sampler.Timesteps.Count);
            Assert.All(sampler.Timesteps, t => Assert.InRange(t, 0, 999));
            Assert.All(sampler.Timesteps.Zip(sampler.Timesteps.Skip(1)), pair => Assert.True(pair.First >= pair.Second));
        }, iter: 60);

    [Fact]
    public void Ddim_WithEta_TakesNoise()
    {
        using var sampler = DiffusionSamplers.Create(SchedulerKind.Ddim, Schedules.Of(PredictionType.Epsilon), 10, eta: 0.5);
        Assert.True(sampler.NeedsNoise);
        using var deterministic = DiffusionSamplers.Create(SchedulerKind.Ddim, Schedules.Of(PredictionType.Epsilon), 10);
        Assert.False(deterministic.NeedsNoise);
    }

    [Fact]
    public void DpmSolver_WhenAStepIsSkipped_SaysSo()
    {
        using var scope = NewDisposeScope();
        using var sampler = new DpmSolverSampler(Schedules.Of(PredictionType.Epsilon), 10);
        var x = ones(1, 4, 2, 2);
        sampler.Step(x, 0, x);
        Assert.Contains("in order", Assert.Throws<InvalidOperationException>(() => sampler.Step(x, 2, x)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void DpmSolver_WhenATrajectoryStartsAnew_ForgetsTheOneBefore()
    {
        using var scope = NewDisposeScope();
        using var sampler = new DpmSolverSampler(Schedules.Of(PredictionType.Epsilon), 10);
        Tensor Run()
        {
            var x = ones(1, 4, 2, 2);
            for (var step = 0; step < 10; step++) x = sampler.Step(x * 0.1, step, x);
            return x;
        }
        Assert.True(Run().eq(Run()).all().item<bool>());
    }

    [Fact]
    public void Sigmas_OfAScheduleThatEndsWithoutSignal_AreFinite()
    {
        var schedule = NoiseSchedule.Create(Schedules.StableDiffusion with { RescaleBetasZeroSnr = true, TimestepSpacing = TimestepSpacing.Trailing });
        Assert.All(new EulerSampler(schedule, 10).Sigmas, sigma => Assert.True(float.IsFinite(sigma)));
    }
}
