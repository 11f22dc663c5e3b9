namespace SpoActors.ShapesWorld.Training;

/// <summary>Lengths and seed of the chain. The defaults are the recipe of the shipped weights.</summary>
public sealed record ChainSettings
{
    public ulong Seed { get; init; } = 2026;

    /// <summary>Training scenes.</summary>
    public int Images { get; init; } = 24_000;

    public int OracleSteps { get; init; } = 1000;

    /// <summary>Steps on crops of 32 pixels.</summary>
    public int VaeCropSteps { get; init; } = 2800;

    /// <summary>Steps on whole images, after those on crops.</summary>
    public int VaeWholeSteps { get; init; } = 300;

    public int ClipSteps { get; init; } = 800;

    public int UNetSteps { get; init; } = 5000;

    /// <summary>Files of preferences by the base model, of 25 prompts each.</summary>
    public int PreferenceFiles { get; init; } = 32;

    public int PickScoreSteps { get; init; } = 900;

    public int SpmSteps { get; init; } = 600;

    /// <summary>A chain of a few steps that shows that everything runs; its models are of no use.</summary>
    public static ChainSettings Tiny { get; } = new()
    {
        Images = 64, OracleSteps = 4, VaeCropSteps = 3, VaeWholeSteps = 2, ClipSteps = 3, UNetSteps = 3, PreferenceFiles = 1, PickScoreSteps = 2, SpmSteps = 2,
    };
}
