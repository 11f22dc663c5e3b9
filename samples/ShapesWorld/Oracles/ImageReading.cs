using SpoActors.ShapesWorld.World;

namespace SpoActors.ShapesWorld.Oracles;

/// <summary>An object that was found; centre and radius in pixels.</summary>
public sealed record FoundObject(Colour Colour, Shape Shape, double X, double Y, double Radius, double Confidence);

/// <summary>What the oracle sees in an image.</summary>
/// <param name="Objects">In rows of cells from the top left.</param>
/// <param name="Quality">Estimated; may lie a little outside the world's range.</param>
public sealed record ImageReading(IReadOnlyList<FoundObject> Objects, Quality Quality)
{
    /// <summary>1 best .. 0 worst on all four axes, each clamped to -0.1 .. 1.1.</summary>
    public double Aesthetics => 1 - (BlurShare + NoiseShare + DesaturationShare + FlatShare) / 4;

    /// <summary>The same without the axis of shading.</summary>
    public double AestheticsWithoutShade => 1 - (BlurShare + NoiseShare + DesaturationShare) / 3;

    public double BlurShare => Clamp(Quality.Blur / World.Quality.WorstBlur);

    public double NoiseShare => Clamp(Quality.Noise / World.Quality.WorstNoise);

    public double DesaturationShare => Clamp(Quality.Desaturation / World.Quality.WorstDesaturation);

    public double FlatShare => Clamp(1 - Quality.Shade);

    static double Clamp(double share) => Math.Clamp(share, -0.1, 1.1);
}
