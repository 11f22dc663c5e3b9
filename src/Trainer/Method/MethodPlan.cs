using SpoActors.Specification;
using SpoActors.Trainer.Datasets;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Objectives;
using SpoActors.Trainer.Pipelines;

namespace SpoActors.Trainer.Method;

/// <summary>What a run's configuration means for its stages: the objective, and the flow that its samples come from.</summary>
public sealed class MethodPlan
{
    readonly Lazy<PairDataset> ownPairs;

    /// <exception cref="ArgumentException">The objective is unknown, or cannot use the flow.</exception>
    public MethodPlan(RunSpecification run)
    {
        Run = run;
        ownPairs = new(() => TrainingPrompts.OwnPairs(run));
        Settings = ObjectiveKinds.Resolve(run.Objective);
        Objective = ObjectiveRegistry.Create(run.Objective);
        Flow = FlowOf(run);
        var flows = ObjectiveKinds.Get(run.Objective.Kind).Flows;
        if (!flows.Contains(Flow)) throw new ArgumentException($"objective.kind {run.Objective.Kind} cannot use the flow {Flow}; it can use {string.Join(", ", flows)}");
        Guidance = Settings.Guidance == true ? run.Sampling.GuidanceScale : 1;
    }

    public RunSpecification Run { get; }

    /// <summary>The objective's settings, with published values where the configuration gives none.</summary>
    public ObjectiveSpecification Settings { get; }

    public IObjective Objective { get; }

    public FlowKind Flow { get; }

    /// <summary>The run's own pairs, where its flow is theirs.</summary>
    /// <exception cref="SpecificationException">The data set cannot be used; everything that is wrong is listed.</exception>
    public PairDataset OwnPairs => ownPairs.Value;

    /// <summary>Guidance scale inside the loss; 1 for none.</summary>
    public double Guidance { get; }

    /// <summary>
    /// Whether equal scores are a tie. In step pools they are not: the original trains such a pair as its sort leaves it, where the threshold
    /// lets it through.
    /// </summary>
    public bool KnowsTies => Flow != FlowKind.StepPools;

    /// <summary>The flow of a run: the one it names, or else its objective's own.</summary>
    /// <exception cref="ArgumentException">The objective is unknown.</exception>
    public static FlowKind FlowOf(RunSpecification run) => run.Flow ?? ObjectiveKinds.Get(run.Objective.Kind).Flows[0];

    /// <summary>The DDIM that the run samples with and whose steps' log-probabilities it trains.</summary>
    /// <exception cref="ArgumentException">A sample's log-probability would not exist; the message names the fix.</exception>
    public IDiffusionProcess Process(NoiseSchedule schedule)
    {
        var (sampling, ddim) = (Run.Sampling, new DdimScheduler(schedule, Run.Sampling.Steps, Run.Sampling.Eta, DdimLastStep.ClampToFirst));
        if (Flow == FlowKind.OwnPairs) return ddim;
        if (sampling.Steps == schedule.Config.NumTrainTimesteps) SpacedTimesteps.InTable(schedule.Config, ddim.Timesteps[0]);
        // Candidates of a step without noise (the one from timestep 0) are equal, so a threshold keeps no pair of them. Inner steps tell them apart later.
        if (Flow == FlowKind.StepPools && Run.Pairs.Threshold > 0 && sampling.InnerSteps == 0) return ddim;
        var drawing = ddim.Timesteps.Take(sampling.DivertEndStep ?? sampling.Steps).Skip(sampling.DivertStartStep);
        var noiseless = drawing.FirstOrDefault(t => !(ddim.StdDev(t) > 0), -1);
        return noiseless < 0 ? ddim : throw new ArgumentException(
            $"the step from timestep {noiseless} has no noise, hence no log-probability; use a scheduler with leading spacing and steps_offset 1, another number of steps than {sampling.Steps}, " +
            "or single steps with a pairs.threshold above 0");
    }

    /// <summary>The size of its latents; of own pairs, which may have several sizes, the largest.</summary>
    /// <exception cref="ArgumentException">The model cannot draw, or its autoencoder encode, images of that size.</exception>
    public LatentSize LargestLatents(DiffusionModel model) => Flow == FlowKind.OwnPairs
        ? model.LatentSize(Run.Data.Resolution, Run.Data.Resolution)
        : model.LatentSize(Run.Sampling);

    /// <summary>Encodes the run's own pairs.</summary>
    /// <exception cref="SpecificationException">The data set cannot be used; everything that is wrong is listed.</exception>
    internal PairEncoder PairEncoder(DiffusionModel model)
    {
        var cache = MomentsCache.Of(Run);
        return new PairEncoder(model.Decoder, OwnPairs, Run.Data, model.DefaultSide, Run.Seed, cache);
    }

    /// <summary>Whether samples are judged here; a person's verdict comes with own pairs.</summary>
    public bool NeedsJudge => Flow != FlowKind.OwnPairs || Run.Data.Relabel;
}
