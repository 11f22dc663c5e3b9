namespace SpoActors.ShapesWorld.Training;

/// <summary>The stages' names. Apart from the chain, since whoever only lists them, such as a command's help, needs no tensors.</summary>
public static class ChainStages
{
    public const string Oracle = "oracle", Vae = "vae", Clip = "clip", UNet = "unet", Preferences = "preferences", PickScore = "pickscore", Spm = "spm", PlainSpm = "spm-plain";

    /// <summary>In the order in which they need one another's results.</summary>
    public static IReadOnlyList<string> Stages { get; } = [Oracle, Vae, Clip, UNet, Preferences, PickScore, Spm];

    /// <summary>Not part of the chain, trained only if asked for: the judge of the last stage without its knowledge of the timestep.</summary>
    public static IReadOnlyList<string> ExtraStages { get; } = [PlainSpm];
}
