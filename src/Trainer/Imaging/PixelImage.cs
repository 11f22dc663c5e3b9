using SkiaSharp;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Imaging;

/// <summary>An 8-bit picture: rows of pixels, channels together.</summary>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
/// <param name="Channels">1 (grey), 3 (RGB) or 4 (RGB and alpha, not premultiplied).</param>
/// <param name="Data">Height * Width * Channels bytes.</param>
public sealed record PixelImage(int Height, int Width, int Channels, byte[] Data)
{
    /// <summary>
    /// A picture with more pixels is not decoded: a small file may promise any number of them. Seven bytes of each, in RGBA and in RGB, stay
    /// below 512 MB.
    /// </summary>
    public const long MostPixels = 76_000_000;

    /// <summary>A picture that is far longer than wide becomes huge when its shorter side is brought to a model's size.</summary>
    const int MostSide = 32_768, LongSide = 4096, MostRatio = 64;

    /// <summary>Bytes of a file that is read as a picture: one of the most pixels is shorter, even uncompressed.</summary>
    public const int LargestFile = 512 << 20;

    /// <summary>
    /// Reads a picture as it is stored, without colour management and unturned, as the original preprocessors do. Pictures to train on are
    /// <see cref="PhotoImage"/>'s.
    /// </summary>
    /// <exception cref="IOException">The file is missing or no regular file.</exception>
    /// <exception cref="InvalidDataException">It is no picture, or one of too many pixels.</exception>
    public static PixelImage Load(string path)
    {
        using var data = SKData.CreateCopy(InputFile.ReadAll(path, LargestFile));
        using var codec = Open(data, $"'{path}'");
        return Decode(codec, $"'{path}'");
    }

    internal static SKCodec Open(SKData data, string name) =>
        SKCodec.Create(data) ?? throw new InvalidDataException($"{name} cannot be read as a picture ({data.Size} bytes).");

    internal static PixelImage Decode(SKCodec codec, string name)
    {
        EnsureDecodable(codec.Info.Height, codec.Info.Width, name);
        var (width, height) = (codec.Info.Width, codec.Info.Height);
        var isGrey = codec.Info.ColorType == SKColorType.Gray8;
        var info = isGrey
            ? new SKImageInfo(width, height, SKColorType.Gray8, SKAlphaType.Opaque)
            : new SKImageInfo(width, height, SKColorType.Rgba8888, codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul);
        var bytes = new byte[info.BytesSize];
        SKCodecResult result;
        unsafe
        {
            fixed (byte* pixels = bytes) result = codec.GetPixels(info, (nint)pixels);
        }
        if (result != SKCodecResult.Success) throw new InvalidDataException($"{name} cannot be decoded ({result}).");
        if (isGrey) return new PixelImage(height, width, 1, bytes);
        var image = new PixelImage(height, width, 4, bytes);
        return codec.Info.AlphaType == SKAlphaType.Opaque ? image.ToRgb() : image;
    }

    /// <exception cref="InvalidDataException">So many pixels are not decoded.</exception>
    internal static void EnsureDecodable(int height, int width, string name)
    {
        if ((long)height * width > MostPixels)
            throw new InvalidDataException(FormattableString.Invariant($"{name} has {width} x {height} pixels, which is too large; at most {MostPixels} are decoded."));
        var (longer, shorter) = ((long)Math.Max(height, width), Math.Min(height, width));
        if (longer > MostSide || (longer > LongSide && longer > MostRatio * shorter))
            throw new InvalidDataException(FormattableString.Invariant(
                $"{name} has {width} x {height} pixels, which is too large: a side has at most {MostSide}, and beyond {LongSide} at most {MostRatio} times the other."));
    }

    /// <summary>Three channels: grey is repeated, alpha dropped without compositing (Pillow's convert('RGB')).</summary>
    public PixelImage ToRgb()
    {
        if (Channels == 3) return this;
        var rgb = new byte[Height * Width * 3];
        for (var pixel = 0; pixel < Height * Width; pixel++)
            for (var c = 0; c < 3; c++)
                rgb[pixel * 3 + c] = Data[pixel * Channels + (Channels == 1 ? 0 : c)];
        return new PixelImage(Height, Width, 3, rgb);
    }

    /// <summary>Left and right exchanged.</summary>
    public PixelImage Mirror()
    {
        var data = new byte[Data.Length];
        for (var pixel = 0; pixel < Height * Width; pixel++)
        {
            var (row, column) = (pixel / Width, pixel % Width);
            Data.AsSpan(pixel * Channels, Channels).CopyTo(data.AsSpan((row * Width + Width - 1 - column) * Channels));
        }
        return this with { Data = data };
    }

    /// <summary>A part of the picture that lies wholly inside it.</summary>
    public PixelImage Crop(int top, int left, int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(top + height, Height);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(left + width, Width);
        var data = new byte[height * width * Channels];
        for (var row = 0; row < height; row++)
            Data.AsSpan(((top + row) * Width + left) * Channels, width * Channels).CopyTo(data.AsSpan(row * width * Channels));
        return new PixelImage(height, width, Channels, data);
    }
}
