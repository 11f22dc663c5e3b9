using SpoActors.ShapesWorld.Oracles;
using SpoActors.ShapesWorld.World;

namespace SpoActors.ShapesWorld.Evaluation;

/// <summary>All that is measured of one image.</summary>
/// <param name="Prompt">What it should show.</param>
/// <param name="Reading">What the oracle sees.</param>
/// <param name="Checks">Measures without learning.</param>
public sealed record ImageVerdict(SceneDescription Prompt, ImageReading Reading, ImageChecks Checks)
{
    public Alignment Alignment { get; } = Alignment.Of(Prompt, Reading.Objects);
}

/// <summary>A number that every image has.</summary>
/// <param name="Name">As it is reported.</param>
/// <param name="Of">Its value.</param>
/// <param name="IsBetterHigher">Whether more is better.</param>
public sealed record ImageMetric(string Name, Func<ImageVerdict, double> Of, bool IsBetterHigher)
{
    public const string Aesthetics = "aesthetics", AestheticsWithoutShade = "aesthetics_without_shade", Strict = "alignment_strict", Soft = "alignment_soft";

    /// <summary>Aesthetics and alignment, the oracle's four axes (0 best .. 1 worst), and the checks without learning.</summary>
    public static IReadOnlyList<ImageMetric> All { get; } =
    [
        new(Aesthetics, v => v.Reading.Aesthetics, true),
        new(AestheticsWithoutShade, v => v.Reading.AestheticsWithoutShade, true),
        new(Strict, v => v.Alignment.Strict ? 1 : 0, true),
        new(Soft, v => v.Alignment.Soft, true),
        new("blur", v => v.Reading.BlurShare, false),
        new("noise", v => v.Reading.NoiseShare, false),
        new("desaturation", v => v.Reading.DesaturationShare, false),
        new("flatness", v => v.Reading.FlatShare, false),
        new("check_noise", v => v.Checks.Noise, false),
        new("check_sharpness", v => v.Checks.Sharpness, true),
        new("check_saturation", v => v.Checks.Saturation, true),
    ];
}
