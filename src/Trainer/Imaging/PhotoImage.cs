using SkiaSharp;

namespace SpoActors.Trainer.Imaging;

/// <summary>
/// Pictures to train on, as Pillow's <c>convert("RGB")</c> makes them (grey repeated, alpha dropped, 16 bits cut to 8, the first frame of an
/// animation, no colour management), but turned as their EXIF orientation says: cameras rely on it, and the originals' data has none. A
/// user's pairs and a preference model's are both read by this.
/// </summary>
public static class PhotoImage
{
    /// <summary>Size of an upright picture, from its header.</summary>
    /// <param name="encoded">JPEG, PNG, WebP, BMP or GIF.</param>
    /// <param name="name">What to call it in an error.</param>
    /// <exception cref="InvalidDataException">It is no picture, has too many pixels, or is a JPEG in CMYK.</exception>
    public static (int Height, int Width) ReadSize(byte[] encoded, string name)
    {
        using var data = SKData.CreateCopy(encoded);
        using var codec = Open(encoded, data, name);
        return SwapsSides(codec.EncodedOrigin) ? (codec.Info.Width, codec.Info.Height) : (codec.Info.Height, codec.Info.Width);
    }

    /// <summary>Decodes a picture, upright, in RGB.</summary>
    /// <inheritdoc cref="ReadSize"/>
    public static PixelImage Decode(byte[] encoded, string name)
    {
        using var data = SKData.CreateCopy(encoded);
        using var codec = Open(encoded, data, name);
        return Turn(PixelImage.Decode(codec, name).ToRgb(), codec.EncodedOrigin);
    }

    static SKCodec Open(byte[] encoded, SKData data, string name)
    {
        // Adobe's files hold inverted inks, others do not, and without their profile neither gives the colours that were meant.
        if (JpegHeader.Components(encoded) == 4) throw new InvalidDataException($"{name} is a JPEG in CMYK; expected RGB or grey. Convert it.");
        var codec = PixelImage.Open(data, name);
        try
        {
            PixelImage.EnsureDecodable(codec.Info.Height, codec.Info.Width, name);
            return codec;
        }
        catch
        {
            codec.Dispose();
            throw;
        }
    }

    static bool SwapsSides(SKEncodedOrigin origin) => origin is SKEncodedOrigin.LeftTop or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;

    /// <summary>The names say where the stored picture's first row and first column belong.</summary>
    static PixelImage Turn(PixelImage image, SKEncodedOrigin origin)
    {
        if (origin is SKEncodedOrigin.TopLeft) return image;
        var transposed = SwapsSides(origin);
        var (height, width) = transposed ? (image.Width, image.Height) : (image.Height, image.Width);
        var fromBottom = origin is SKEncodedOrigin.BottomRight or SKEncodedOrigin.BottomLeft or SKEncodedOrigin.RightBottom or SKEncodedOrigin.LeftBottom;
        var fromRight = origin is SKEncodedOrigin.TopRight or SKEncodedOrigin.BottomRight or SKEncodedOrigin.RightTop or SKEncodedOrigin.RightBottom;
        var data = new byte[image.Data.Length];
        for (var row = 0; row < height; row++)
            for (var column = 0; column < width; column++)
            {
                var (down, across) = (fromBottom ? height - 1 - row : row, fromRight ? width - 1 - column : column);
                var source = transposed ? across * image.Width + down : down * image.Width + across;
                image.Data.AsSpan(source * 3, 3).CopyTo(data.AsSpan((row * width + column) * 3));
            }
        return new PixelImage(height, width, 3, data);
    }
}
