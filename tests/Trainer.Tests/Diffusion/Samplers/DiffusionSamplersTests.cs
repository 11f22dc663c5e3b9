using CsCheck;
using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Diffusion.Samplers;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Diffusion.Samplers;

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
    public void DpmSolver_OfFirstOrder_StepsAsDdim()
    {
        using var scope = NewDisposeScope();
        using var sampler = new DpmSolverSampler(NoiseSchedule.Create(Schedules.StableDiffusion with { SolverOrder = 1 }), 10);
        Tensor x = full([1, 4, 2, 2], 0.7), noise = full([1, 4, 2, 2], -0.4);
        for (var step = 0; step < 10; step++)
        {
            var (from, to) = (sampler.Sigmas[step], sampler.Sigmas[step + 1]);
            var x0 = x * Math.Sqrt(from * from + 1) - from * noise;
            var expected = (x0 + to * noise) / Math.Sqrt(to * to + 1);
            x = sampler.Step(noise, step, x);
            Assert.True(x.allclose(expected, rtol: 1e-5, atol: 1e-6), $"step {step}: {x[0, 0, 0, 0].item<float>()}, expected {expected[0, 0, 0, 0].item<float>()}");
        }
    }

    // Where x_0 is a + b λ, d(x / σ) / dλ = e^λ x_0 (arXiv 2211.01095, section 4) has the solution x / σ = e^λ (x_0 - b) + constant.
    [Fact]
    public void DpmSolver_OfHeunsForm_IsExactWhereX0IsLinearInLambda()
    {
        const double A = 0.3, B = 0.2;
        using var scope = NewDisposeScope();
        var schedule = NoiseSchedule.Create(Schedules.StableDiffusion with { PredictionType = PredictionType.Sample, SolverType = SolverType.Heun, FinalSigmaZero = false });
        using var sampler = new DpmSolverSampler(schedule, 20);
        var x = ones(1, 4, 2, 2);
        for (var step = 0; step < 20; step++)
        {
            var (from, to) = (Lambda(step), Lambda(step + 1));
            var ratio = x[0, 0, 0, 0].item<float>() / Sigma(from) + Math.Exp(to) * (A + B * to - B) - Math.Exp(from) * (A + B * from - B);
            x = sampler.Step(full([1, 4, 2, 2], A + B * from), step, x);
            if (step > 0) Assert.Equal(ratio * Sigma(to), x[0, 0, 0, 0].item<float>(), 1e-4);
        }

        double Lambda(int step) => -Math.Log(sampler.Sigmas[step]);
        static double Sigma(double lambda) => 1 / Math.Sqrt(1 + Math.Exp(2 * lambda));
    }

    [Fact]
    public void DpmSolver_WithAnEulerStepAtTheEnd_TakesItWhateverTheNumberOfSteps()
    {
        using var scope = NewDisposeScope();
        var config = Schedules.StableDiffusion with { PredictionType = PredictionType.Sample, FinalSigmaZero = false };
        Assert.Equal(Run(config with { EulerAtFinal = true, SolverOrder = 1 }), Run(config with { EulerAtFinal = true }));
        Assert.NotEqual(Run(config with { SolverOrder = 1 }), Run(config));

        float Run(SchedulerConfig settings)
        {
            using var sampler = new DpmSolverSampler(NoiseSchedule.Create(settings), 20);
            var x = ones(1, 4, 2, 2);
            // Only the last x_0 differs from the one before, so only the last step's order counts.
            for (var step = 0; step < 20; step++) x = sampler.Step(full([1, 4, 2, 2], step == 19 ? 0.5 : 0.1), step, x);
            return x[0, 0, 0, 0].item<float>();
        }
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
