using SpoActors.Specification;

namespace SpoActors.Trainer.Diffusion.Samplers;

/// <summary>Makes samplers by the name they have in run specifications.</summary>
public static class DiffusionSamplers
{
    /// <param name="kind">Which sampler.</param>
    /// <param name="schedule">The model's schedule.</param>
    /// <param name="steps">Denoising steps.</param>
    /// <param name="eta">DDIM's eta; the other samplers add no noise.</param>
    public static IDiffusionSampler Create(SchedulerKind kind, NoiseSchedule schedule, int steps, double eta = 0) => kind switch
    {
        SchedulerKind.Ddim => new DdimSampler(schedule, steps, eta),
        SchedulerKind.Euler => new EulerSampler(schedule, steps),
        SchedulerKind.DpmSolver => new DpmSolverSampler(schedule, steps),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown sampler"),
    };
}
