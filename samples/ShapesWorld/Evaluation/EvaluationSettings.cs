namespace SpoActors.ShapesWorld.Evaluation;

/// <summary>How a model is measured. The same settings give the same prompts and the same noise, whatever model is measured.</summary>
public sealed record EvaluationSettings
{
    /// <summary>Held-out prompts, one image each, the six kinds in turn.</summary>
    public int Prompts { get; init; } = 256;

    /// <summary>Of prompts and noise.</summary>
    public ulong Seed { get; init; } = 4242;

    public int Steps { get; init; } = 20;

    public double GuidanceScale { get; init; } = 4;

    /// <summary>DDIM's eta.</summary>
    public double Eta { get; init; } = 1;

    /// <summary>Images sampled together. A part of the measurement: another size gives other roundings.</summary>
    public int BatchSize { get; init; } = 16;
}
