using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Ledger;
using SpoActors.Specification;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Method;

namespace SpoActors.Grains.Runs;

/// <summary>What follows from a run's specification and prompts alone.</summary>
public sealed class RunPlan
{
    /// <exception cref="SpecificationException">The text is no specification.</exception>
    /// <exception cref="PipelineException">The run cannot be dispatched.</exception>
    public RunPlan(string specification, TrainingPrompts prompts)
    {
        Specification = SpecificationYaml.Parse(specification, "the run's specification");
        Prompts = prompts;
        Schedule = new PromptSchedule(prompts.Texts, Specification);
        var pipeline = Specification.Pipeline;
        Options = new LedgerOptions
        {
            Staleness = pipeline.Staleness,
            Capacity = pipeline.PairCapacity,
            MaxBytes = pipeline.ChannelMegabytes * (1L << 20),
            MaxAttempts = pipeline.MaxAttempts,
            MaxSetAside = pipeline.MaxSetAside,
            LeaseDuration = TimeSpan.FromSeconds(pipeline.LeaseSeconds),
        };
        var items = Schedule.ItemCount(0);
        if (items > pipeline.PairCapacity)
            throw new PipelineException(
                $"pipeline.pair_capacity: found {pipeline.PairCapacity}; a round has {items} items, which the trainer must hold together. " +
                "Raise it, or lower training.prompts_per_round.");
        if (Specification.Sampling.Next != NextStepChoice.Random)
            throw new PipelineException(
                $"sampling.next: found {Specification.Sampling.Next}; the pipeline goes on at random, without waiting for scores. Run it with --sequential.");
    }

    public RunSpecification Specification { get; }

    public PromptSchedule Schedule { get; }

    public TrainingPrompts Prompts { get; }

    public LedgerOptions Options { get; }
}
