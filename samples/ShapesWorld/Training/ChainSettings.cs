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

    /// <summary>Files of preferences by the base model.</summary>
    public int PreferenceFiles { get; init; } = 32;

    /// <summary>Prompts of such a file.</summary>
    public int PromptsOfAFile { get; init; } = 25;

    public int PickScoreSteps { get; init; } = 900;

    public int SpmSteps { get; init; } = 2400;

    /// <summary>Steps between checkpoints of a stage.</summary>
    public int CheckpointEvery { get; init; } = 200;

    /// <summary>Steps between reports of its progress.</summary>
    public int ReportEvery { get; init; } = 25;

    /// <summary>A chain of a few steps that shows that everything runs; its models are of no use.</summary>
    public static ChainSettings Tiny { get; } = new()
    {
        Images = 64,
        OracleSteps = 4,
        VaeCropSteps = 3,
        VaeWholeSteps = 2,
        ClipSteps = 4,
        UNetSteps = 4,
        PreferenceFiles = 3,
        PromptsOfAFile = 3,
        PickScoreSteps = 4,
        SpmSteps = 4,
        CheckpointEvery = 1,
        ReportEvery = 1,
    };
}
