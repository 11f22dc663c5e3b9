using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;

namespace SpoActors.Trainer.Method;

/// <summary>The DDIM that SPO samples with and whose steps' log-probabilities it trains.</summary>
static class PolicyScheduler
{
    /// <exception cref="ArgumentException">A pair's log-probability would not exist; the message names the fix.</exception>
    public static DdimScheduler Create(NoiseSchedule schedule, RunSpecification run)
    {
        var (sampling, ddim) = (run.Sampling, new DdimScheduler(schedule, run.Sampling.Steps, run.Sampling.Eta, DdimLastStep.ClampToFirst));
        if (sampling.Steps == schedule.Config.NumTrainTimesteps) SpacedTimesteps.InTable(schedule.Config, ddim.Timesteps[0]);
        // Candidates of a step without noise (the one from timestep 0) are equal, so a threshold keeps no pair of them. Inner steps tell them apart later.
        if (run.Pairs.Threshold > 0 && sampling.InnerSteps == 0) return ddim;
        var drawing = ddim.Timesteps.Take(sampling.DivertEndStep ?? sampling.Steps).Skip(sampling.DivertStartStep);
        var noiseless = drawing.FirstOrDefault(t => !(ddim.StdDev(t) > 0), -1);
        return noiseless < 0 ? ddim : throw new ArgumentException(
            $"the step from timestep {noiseless} has no noise, hence no log-probability; use a scheduler with leading spacing and steps_offset 1, another number of steps than {sampling.Steps}, " +
            "or single steps with a pairs.threshold above 0");
    }
}
