using SpoActors.Specification;

namespace SpoActors.Trainer.Optimization;

/// <summary>
/// The learning rate as a pure function of the optimizer step, formula by formula as diffusers' <c>get_scheduler</c> (0.26.1). With W
/// warm-up steps of N, the share p = (n - W) / (N - W) of the rest is done at step n, and the factor on the full rate is
/// <list type="bullet">
/// <item>every kind but constant, n &lt; W: n / W;</item>
/// <item>constant, constant_with_warmup: 1;</item>
/// <item>linear: 1 - p, at least 0;</item>
/// <item>cosine: (1 + cos(pi p)) / 2, which rises again after N;</item>
/// <item>cosine_with_restarts: (1 + cos(pi (cycles p mod 1))) / 2, and 0 from N on;</item>
/// <item>polynomial: the rate falls from its full height to 1e-7 as (1 - p)^power, and stays there.</item>
/// </list>
/// </summary>
public sealed class LearningRateSchedule
{
    const double PolynomialEnd = 1e-7;

    readonly double peak, power;
    readonly ScheduleKind kind;
    readonly int cycles;
    readonly long warmup, total;

    /// <param name="settings">Full rate and schedule.</param>
    /// <param name="plannedSteps">Optimizer steps of the whole run, where they are known; the schedule's own number comes first.</param>
    /// <exception cref="ArgumentException">The kind falls, and neither says where to.</exception>
    public LearningRateSchedule(OptimizerSpecification settings, long? plannedSteps = null)
    {
        var schedule = settings.Schedule;
        (peak, power, kind, cycles, warmup) = (settings.LearningRate, schedule.Power, schedule.Kind, schedule.Cycles, schedule.WarmupSteps);
        if (kind is ScheduleKind.Constant or ScheduleKind.ConstantWithWarmup) return;
        total = schedule.Steps ?? plannedSteps
            ?? throw new ArgumentException($"a learning rate of kind {kind} falls over a number of steps, but none is given; set optimizer.schedule.steps", nameof(settings));
    }

    /// <summary>The rate that the optimizer uses at a step, counted from 0.</summary>
    public double At(long step) => peak * Factor(step);

    double Factor(long step)
    {
        if (kind == ScheduleKind.Constant) return 1;
        if (step < warmup) return step / (double)warmup;
        var done = (step - warmup) / (double)Math.Max(1, total - warmup);
        return kind switch
        {
            ScheduleKind.ConstantWithWarmup => 1,
            ScheduleKind.Linear => Math.Max(0, 1 - done),
            ScheduleKind.Cosine => HalfCosine(done),
            ScheduleKind.CosineWithRestarts => done >= 1 ? 0 : HalfCosine(cycles * done % 1),
            ScheduleKind.Polynomial when step > total => PolynomialEnd / peak,
            ScheduleKind.Polynomial => ((peak - PolynomialEnd) * Math.Pow(1 - done, power) + PolynomialEnd) / peak,
            _ => throw new NotSupportedException($"the schedule {kind} has no formula"),
        };
    }

    static double HalfCosine(double share) => Math.Max(0, 0.5 * (1 + Math.Cos(Math.PI * share)));
}
