using SpoActors.Trainer.Diffusion;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Diffusion;

public sealed class NoiseScheduleTests
{
    [Theory]
    [InlineData(BetaSchedule.Linear)]
    [InlineData(BetaSchedule.ScaledLinear)]
    [InlineData(BetaSchedule.SquaredCosine)]
    public void AlphasCumprod_OfAnySchedule_FallFromNearlyOneTowardsZero(BetaSchedule betas)
    {
        var schedule = NoiseSchedule.Create(new SchedulerConfig { BetaSchedule = betas });
        Assert.True(schedule.AlphasCumprod[0] > 0.99f);
        Assert.True(schedule.AlphasCumprod[^1] is >= 0 and < 0.01f);
        Assert.All(schedule.AlphasCumprod.Zip(schedule.AlphasCumprod.Skip(1)), pair => Assert.True(pair.First > pair.Second));
    }

    [Fact]
    public void ZeroSnr_WhenAskedFor_EndsWithoutSignalAndKeepsTheBeginning()
    {
        var plain = NoiseSchedule.Create(Schedules.StableDiffusion);
        var rescaled = NoiseSchedule.Create(Schedules.StableDiffusion with { RescaleBetasZeroSnr = true });
        Assert.Equal(0, rescaled.AlphasCumprod[^1]);
        Assert.Equal(plain.AlphasCumprod[0], rescaled.AlphasCumprod[0], 6);
    }

    [Fact]
    public void FinalAlpha_WhenNotSetToOne_IsTheFirstTableEntry()
    {
        var schedule = NoiseSchedule.Create(Schedules.StableDiffusion);
        Assert.Equal(schedule.AlphasCumprod[0], schedule.FinalAlphaCumprod);
        Assert.Equal(1, NoiseSchedule.Create(Schedules.StableDiffusion with { SetAlphaToOne = true }).FinalAlphaCumprod);
    }

    [Fact]
    public void AddNoiseAndVelocity_Together_GiveBackTheOriginal()
    {
        using var scope = NewDisposeScope();
        using var generator = new Generator(1, CPU);
        var schedule = NoiseSchedule.Create(Schedules.StableDiffusion);
        var t_B = tensor(new long[] { 0, 500, 999 });
        Tensor x0 = randn([3, 4, 5, 6], generator: generator), noise = randn([3, 4, 5, 6], generator: generator);
        var alphas = tensor(t_B.data<long>().Select(t => schedule.AlphasCumprod[(int)t]).ToArray()).reshape(-1, 1, 1, 1);
        var restored = alphas.sqrt() * schedule.AddNoise(x0, noise, t_B) - (1 - alphas).sqrt() * schedule.Velocity(x0, noise, t_B);
        Assert.True(restored.allclose(x0, atol: 1e-6));
    }
}
