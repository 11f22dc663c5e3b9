using SkiaSharp;

namespace SpoActors.ShapesWorld.World;

/// <summary>
/// Draws scenes: outlines by Skia at four times the resolution, colours and degradations per pixel, in the order shade, desaturation,
/// blur, noise. Not safe for several threads.
/// </summary>
public sealed class SceneRenderer : IDisposable
{
    const int Size = Scene.Size, Supersampling = 4, LargeSize = Size * Supersampling, Pixels = Size * Size;
    const double ShadowBlur = 2, ShadowOffset = 2;

    readonly SKSurface surface = SKSurface.Create(new SKImageInfo(LargeSize, LargeSize, SKColorType.Alpha8, SKAlphaType.Premul));
    readonly SKPaint paint = new() { IsAntialias = false, Color = SKColors.Black };
    readonly SKPath[] outlines = [.. Enum.GetValues<Shape>().Select(ShapeOutlines.Create)];
    readonly float[] coverage = new float[Pixels], shadow = new float[Pixels], scratch = new float[Pixels];
    readonly float[][] channels = [new float[Pixels], new float[Pixels], new float[Pixels]];

    static readonly double[][] Palette =
        [[220, 40, 40], [240, 140, 30], [235, 210, 40], [50, 160, 70], [50, 90, 210], [140, 60, 180], [240, 130, 180], [125, 80, 45]];

    /// <summary>RGB of a colour word, 0..255.</summary>
    public static IReadOnlyList<double> Rgb(Colour colour) => Palette[(int)colour];

    /// <summary>Draws into rows of RGB bytes, 64 * 64 * 3.</summary>
    public void Render(Scene scene, Span<byte> target)
    {
        PaintBackdrop(scene.Backdrop);
        foreach (var item in scene.Objects) PaintObject(item, scene.Quality.Shade);
        Filters.Desaturate(channels, scene.Quality.Desaturation);
        foreach (var channel in channels) Filters.GaussianBlur(channel, scratch, scene.Quality.Blur);
        Filters.AddGrain(channels, scene.Quality.Noise, scene.GrainSeed);
        for (var pixel = 0; pixel < Pixels; pixel++)
            for (var c = 0; c < 3; c++)
                target[pixel * 3 + c] = (byte)Math.Clamp((int)Math.Round(channels[c][pixel]), 0, 255);
    }

    public byte[] Render(Scene scene)
    {
        var image = new byte[Pixels * 3];
        Render(scene, image);
        return image;
    }

    public void Dispose()
    {
        foreach (var outline in outlines) outline.Dispose();
        paint.Dispose();
        surface.Dispose();
    }

    void PaintBackdrop(Backdrop backdrop)
    {
        ReadOnlySpan<double> levels = [backdrop.Red, backdrop.Green, backdrop.Blue];
        for (var c = 0; c < 3; c++)
            for (var y = 0; y < Size; y++)
                channels[c].AsSpan(y * Size, Size).Fill((float)(levels[c] + backdrop.Gradient * (2.0 * y / (Size - 1) - 1)));
    }

    void PaintObject(SceneObject item, double shade)
    {
        Rasterise(item);
        if (shade > 0)
        {
            CastShadow();
            for (var pixel = 0; pixel < Pixels; pixel++)
                if (shadow[pixel] > 0)
                    foreach (var channel in channels) channel[pixel] *= 1 - (float)(0.35 * shade) * shadow[pixel];
        }
        var colour = Palette[(int)item.Colour];
        for (var y = 0; y < Size; y++)
            for (var x = 0; x < Size; x++)
            {
                var pixel = y * Size + x;
                var alpha = coverage[pixel];
                if (alpha == 0) continue;
                double dx = (x + 0.5 - item.X) / item.Radius, dy = (y + 0.5 - item.Y) / item.Radius;
                var highlight = 0.6 * shade * Math.Exp(-2.2 * ((dx + 0.35) * (dx + 0.35) + (dy + 0.35) * (dy + 0.35)));
                var dark = 0.30 * shade * Math.Clamp((dx + dy) / 1.4, 0, 1);
                for (var c = 0; c < 3; c++)
                {
                    var value = colour[c] + highlight * (255 - colour[c]) - dark * colour[c];
                    channels[c][pixel] += alpha * ((float)value - channels[c][pixel]);
                }
            }
    }

    /// <summary>The share of each pixel that the object covers.</summary>
    void Rasterise(SceneObject item)
    {
        var canvas = surface.Canvas;
        canvas.Clear();
        canvas.Save();
        canvas.Translate((float)item.X * Supersampling, (float)item.Y * Supersampling);
        canvas.Scale((float)item.Radius * Supersampling);
        canvas.DrawPath(outlines[(int)item.Shape], paint);
        canvas.Restore();
        using var pixmap = surface.PeekPixels();
        var large = pixmap.GetPixelSpan<byte>();
        for (var y = 0; y < Size; y++)
            for (var x = 0; x < Size; x++)
            {
                var sum = 0;
                for (var row = 0; row < Supersampling; row++)
                    foreach (var value in large.Slice((y * Supersampling + row) * LargeSize + x * Supersampling, Supersampling)) sum += value;
                coverage[y * Size + x] = sum / (255f * Supersampling * Supersampling);
            }
    }

    void CastShadow()
    {
        Array.Clear(shadow);
        for (var y = 0; y < Size - (int)ShadowOffset; y++)
            coverage.AsSpan(y * Size, Size - (int)ShadowOffset).CopyTo(shadow.AsSpan((y + (int)ShadowOffset) * Size + (int)ShadowOffset));
        Filters.GaussianBlur(shadow, scratch, ShadowBlur);
    }
}
