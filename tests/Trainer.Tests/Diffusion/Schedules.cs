using SpoActors.Trainer.Diffusion;

namespace SpoActors.Trainer.Tests.Diffusion;

/// <summary>Schedules as Stable Diffusion's files give them.</summary>
static class Schedules
{
    public static SchedulerConfig StableDiffusion { get; } = new()
    {
        BetaStart = 0.00085,
        BetaEnd = 0.012,
        BetaSchedule = BetaSchedule.ScaledLinear,
        StepsOffset = 1,
        SetAlphaToOne = false,
        ClipSample = false,
    };

    public static NoiseSchedule Of(PredictionType prediction) => NoiseSchedule.Create(StableDiffusion with { PredictionType = prediction });
}
