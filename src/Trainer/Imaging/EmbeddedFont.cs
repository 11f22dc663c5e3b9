using SkiaSharp;

namespace SpoActors.Trainer.Imaging;

/// <summary>The font that is shipped with the program: SkiaSharp's native library for servers has no fontconfig and finds no system font.</summary>
static class EmbeddedFont
{
    static readonly Lazy<SKTypeface> Shared = new(Load);

    public static SKTypeface Typeface => Shared.Value;

    /// <summary>A typeface of the caller's own.</summary>
    public static SKTypeface Load()
    {
        using var stream = typeof(EmbeddedFont).Assembly.GetManifestResourceStream("Imaging.DejaVuSans")!;
        return SKTypeface.FromStream(stream);
    }
}
