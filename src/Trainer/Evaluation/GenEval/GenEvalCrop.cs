using System.Globalization;
using SpoActors.Trainer.Imaging;

namespace SpoActors.Trainer.Evaluation.GenEval;

/// <summary>The part of an image that the colour classifier sees; CLIP's preprocessing follows.</summary>
public static class GenEvalCrop
{
    /// <summary>The scorer's own background, #999.</summary>
    public static readonly (byte Red, byte Green, byte Blue)? DefaultBackground = (0x99, 0x99, 0x99);

    /// <summary>
    /// Replaces what lies outside of the object's mask, then cuts to the box. The box's edges are rounded to whole pixels, halves to even, the
    /// right and lower one exclusive; beyond the image it is black.
    /// </summary>
    /// <param name="image">The image, upright; alpha is dropped, grey repeated.</param>
    /// <param name="box">Where the object is; null: the image is not cut.</param>
    /// <param name="mask">Whether a pixel is the object's, row by row; empty: all are (the detector gave boxes only).</param>
    /// <param name="background">What the rest is replaced by; null: it stays as it is.</param>
    /// <exception cref="ArgumentException">The mask has another size, or an edge of the box lies before the opposite one.</exception>
    public static PixelImage Of(PixelImage image, GenEvalBox? box, ReadOnlySpan<bool> mask, (byte Red, byte Green, byte Blue)? background)
    {
        var masked = Mask(image.ToRgb(), mask, background);
        return box is { } edges ? Cut(masked, edges) : masked;
    }

    /// <summary>Reads the scorer's option <c>bgcolor</c>: <c>original</c> (null), <c>#rgb</c> or <c>#rrggbb</c>.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static (byte Red, byte Green, byte Blue)? ParseBackground(string text)
    {
        if (text == "original") return null;
        var digits = text.Length == 4 ? string.Concat(text.Skip(1).Select(c => $"{c}{c}")) : text[Math.Min(1, text.Length)..];
        if (!text.StartsWith('#') || digits.Length != 6 || !int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var rgb))
            throw new FormatException($"The background is '{text}'; expected original, #rgb or #rrggbb.");
        return ((byte)(rgb >> 16), (byte)(rgb >> 8), (byte)rgb);
    }

    static PixelImage Mask(PixelImage image, ReadOnlySpan<bool> mask, (byte Red, byte Green, byte Blue)? background)
    {
        if (mask.IsEmpty) return image;
        if (mask.Length != image.Height * image.Width)
            throw new ArgumentException($"The mask has {mask.Length} pixels, the image {image.Width} x {image.Height}.", nameof(mask));
        if (background is not { } color) return image;
        var data = image.Data.ToArray();
        for (var pixel = 0; pixel < mask.Length; pixel++)
            if (!mask[pixel]) (data[pixel * 3], data[pixel * 3 + 1], data[pixel * 3 + 2]) = color;
        return image with { Data = data };
    }

    static PixelImage Cut(PixelImage image, GenEvalBox box)
    {
        if (!(box.Left <= box.Right && box.Top <= box.Bottom))
            throw new ArgumentException($"{box} cannot be cut out: expected left <= right and top <= bottom.", nameof(box));
        var (left, top, right, bottom) = (Round(box.Left), Round(box.Top), Round(box.Right), Round(box.Bottom));
        var (height, width) = (bottom - top, right - left);
        var data = new byte[height * width * 3];
        var (from, to) = (Math.Max(left, 0), Math.Min(right, image.Width));
        if (from >= to) return new PixelImage(height, width, 3, data);
        for (var row = Math.Max(top, 0); row < Math.Min(bottom, image.Height); row++)
            image.Data.AsSpan((row * image.Width + from) * 3, (to - from) * 3).CopyTo(data.AsSpan(((row - top) * width + from - left) * 3));
        return new PixelImage(height, width, 3, data);

        static int Round(float edge) => (int)MathF.Round(edge, MidpointRounding.ToEven);
    }
}
