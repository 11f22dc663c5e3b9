namespace SpoActors.Specification;

/// <summary>Before/after sample grids, and what an oracle says of the model before and after.</summary>
public sealed record EvaluationSpecification
{
    /// <summary>The oracle of a run that wants none.</summary>
    public const string NoOracle = "none";

    /// <summary>Prompts of the grid; empty takes the first of the training list.</summary>
    public IReadOnlyList<string> Prompts { get; init; } = [];

    /// <summary>Number of prompts taken from the training list when <see cref="Prompts"/> is empty; 0 for no grid.</summary>
    public int Count { get; init; } = 4;

    /// <summary>Seeds, one image each for every prompt.</summary>
    public IReadOnlyList<ulong> Seeds { get; init; } = [0];

    /// <summary>Denoising steps of the samples.</summary>
    public int Steps { get; init; } = 20;

    /// <summary>Sampler of the samples.</summary>
    public SchedulerKind Scheduler { get; init; } = SchedulerKind.Ddim;

    /// <summary>Classifier-free guidance scale of the samples; 1 switches it off.</summary>
    public double GuidanceScale { get; init; } = 5.0;

    /// <summary>DDIM eta of the samples; above 0 noise is drawn at every step.</summary>
    public double Eta { get; init; }

    /// <summary>A judge that training never sees measures held-out prompts before and after, with the settings above; none, or one that a plug-in brings.</summary>
    public string Oracle { get; init; } = NoOracle;

    /// <summary>Held-out prompts that the oracle is shown, an image each.</summary>
    public int OraclePrompts { get; init; } = 256;
}

public enum SchedulerKind { Ddim, Euler, DpmSolver }
