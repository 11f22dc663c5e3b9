using SpoActors.ShapesWorld.World;

namespace SpoActors.ShapesWorld.Preference;

/// <summary>
/// What the world's people like: aesthetics above all, and images that show their caption. Their answers are noisy (Bradley and Terry),
/// and near-equal images are called a tie.
/// </summary>
static class Utility
{
    const double AestheticsWeight = 20, AlignmentWeight = 5;

    /// <summary>Images whose utilities differ by less are called a tie.</summary>
    public const double TieMargin = 0.25;

    /// <param name="aesthetics">About 0 .. 1.</param>
    /// <param name="soft">Soft alignment, 0 .. 1.</param>
    public static double Of(double aesthetics, double soft) => AestheticsWeight * aesthetics + AlignmentWeight * soft;

    /// <summary>Label of the first of two images: 1, 0, or 0.5 for a tie.</summary>
    public static double Label(double utility0, double utility1, ref SceneRandom random)
    {
        var margin = utility0 - utility1;
        if (Math.Abs(margin) < TieMargin) return 0.5;
        return random.Uniform(0, 1) < 1 / (1 + Math.Exp(-margin)) ? 1 : 0;
    }
}
