using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Method.Sampling;
using SpoActors.Trainer.Objectives;

namespace SpoActors.Grains.Compute;

/// <summary>How large the items of a run can be, so that channels are sized and messages bounded before anything is sampled.</summary>
static class ItemSizes
{
    /// <exception cref="PipelineException">A message would be too large; the setting to lower is named.</exception>
    public static ItemSize Largest(MethodPlan plan, LatentSize latent)
    {
        var sampling = plan.Run.Sampling;
        long image = latent.Channels * latent.Height * latent.Width * sizeof(float), k = sampling.Candidates;
        return plan.Flow switch
        {
            // Two clean images a row; all rows are pairs.
            FlowKind.OwnPairs => Checked(sampling, 2, image, image * 2, pools: sampling.BatchSize, samples: image * 2 * sampling.BatchSize),
            FlowKind.Trajectories => Chains(plan, sampling, image * sampling.BatchSize, k),
            _ => Segments(sampling, image * sampling.BatchSize, k),
        };
    }

    static ItemSize Segments(SamplingSpecification sampling, long one, long k)
    {
        var segments = SegmentPlan.Create(sampling).Segments;
        var steps = segments.Max(s => s.End - s.Start + 1);
        // Clean; the shared start; every step's end. Two ends for each prompt and transition, and two starts, of which the first transition's are one.
        return Checked(sampling, k, one, one * (k + 1 + steps * k), segments.Count, segments.Count * one * (3 + (steps - 1) * 4));
    }

    static ItemSize Chains(MethodPlan plan, SamplingSpecification sampling, long one, long k)
    {
        var steps = (sampling.DivertEndStep ?? sampling.Steps) - sampling.DivertStartStep;
        // Clean; the first start; every step's end. Start and end of each transition: of two chains for pairs, of all for single ones.
        var sides = plan.Objective.Samples == SampleKind.Transition ? k : 2;
        return Checked(sampling, k, one, one * k * (2 + steps), pools: 1, samples: steps * one * 2 * sides);
    }

    static ItemSize Checked(SamplingSpecification sampling, long k, long one, long pool, int pools, long samples)
    {
        if (k * one > TensorPayload.MaxBytes)
            throw new PipelineException(
                $"the candidates of an item have {k * one} bytes ({k} candidates of {sampling.BatchSize} prompts); a payload holds at most " +
                $"{TensorPayload.MaxBytes}. Lower sampling.batch_size or sampling.candidates.");
        if (pool > CandidatePoolMessage.MaxBytes)
            throw new PipelineException(
                $"a pool of {k} candidates and {sampling.BatchSize} prompts has {pool} bytes; a message holds at most " +
                $"{CandidatePoolMessage.MaxBytes}. Lower sampling.batch_size, sampling.candidates, or sampling.inner_steps (step pools) or the trained steps (trajectories).");
        if (samples / pools > CandidatePoolMessage.MaxBytes)
            throw new PipelineException(
                $"the samples of a pool have {samples / pools} bytes; a message holds at most {CandidatePoolMessage.MaxBytes}. " +
                "Lower sampling.batch_size, sampling.candidates or the trained steps.");
        return new ItemSize(pools, pool, samples);
    }
}
