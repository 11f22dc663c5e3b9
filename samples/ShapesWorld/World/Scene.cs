namespace SpoActors.ShapesWorld.World;

/// <summary>One object as it is drawn; centre and radius in pixels of the 64x64 image.</summary>
public sealed record SceneObject(Colour Colour, Shape Shape, double X, double Y, double Radius);

/// <summary>
/// Quality of an image, independent of its caption. Worst: <see cref="Blur"/> 1.5, <see cref="Noise"/> 0.12,
/// <see cref="Desaturation"/> 0.6, <see cref="Shade"/> 0.
/// </summary>
/// <param name="Blur">Sigma of a Gaussian, pixels.</param>
/// <param name="Noise">Strength of blotchy noise on a grid of 4 pixels.</param>
/// <param name="Desaturation">0 full colours .. 1 grey.</param>
/// <param name="Shade">0 flat objects .. 1 highlight, dark side and shadow.</param>
public readonly record struct Quality(double Blur, double Noise, double Desaturation, double Shade)
{
    public const double WorstBlur = 1.5, WorstNoise = 0.12, WorstDesaturation = 0.6;

    public static Quality Best => new(0, 0, 0, 1);

    /// <summary>The true utility of an image: 1 best .. 0 worst on all four axes.</summary>
    public double Aesthetics => 1 - (Blur / WorstBlur + Noise / WorstNoise + Desaturation / WorstDesaturation + (1 - Shade)) / 4;
}

/// <summary>Background: grey level of each channel, and how much darker the bottom is than the middle.</summary>
public readonly record struct Backdrop(double Red, double Green, double Blue, double Gradient);

/// <summary>Everything that is drawn. The same scene gives the same image.</summary>
public sealed record Scene(SceneDescription Description, IReadOnlyList<SceneObject> Objects, Quality Quality, Backdrop Backdrop, ulong GrainSeed)
{
    /// <summary>Rows and columns of an image.</summary>
    public const int Size = 64;
}
