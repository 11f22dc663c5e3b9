namespace SpoActors.ShapesWorld.World;

/// <summary>
/// Words for an image's quality, which follow a caption when a CLIP is trained: without them a contrastive model has no reason to see
/// quality, and a preference model built on it would have to start from nothing. The diffusion model never sees them.
/// </summary>
public static class QualityWords
{
    const double CaptionShare = 0.6, WordShare = 0.5;

    static readonly (string Good, string Bad, Func<Quality, double> Badness)[] Axes =
    [
        ("sharp", "blurry", q => q.Blur / Quality.WorstBlur),
        ("clean", "grainy", q => q.Noise / Quality.WorstNoise),
        ("vivid", "pale", q => q.Desaturation / Quality.WorstDesaturation),
        ("shiny", "flat", q => 1 - q.Shade),
    ];

    public static IReadOnlyList<string> All { get; } = [.. Axes.SelectMany(a => new[] { a.Good, a.Bad })];

    /// <summary>The scene's caption, often with words for axes on which it is clearly good or bad.</summary>
    public static string Caption(Scene scene, ref SceneRandom random)
    {
        var caption = scene.Description.Caption;
        if (random.Uniform(0, 1) > CaptionShare) return caption;
        foreach (var (good, bad, badness) in Axes)
        {
            var says = random.Uniform(0, 1) < WordShare;
            var value = badness(scene.Quality);
            if (says && value is < 0.25 or > 0.6) caption += " " + (value < 0.25 ? good : bad);
        }
        return caption;
    }
}
