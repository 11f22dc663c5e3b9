using SkiaSharp;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Imaging;

/// <summary>Pictures from tensors, and to Skia.</summary>
public static class PixelImages
{
    /// <summary>From an 8-bit tensor, as the decoder gives it.</summary>
    /// <param name="image_3HW">Bytes, [3, H, W], on the CPU.</param>
    public static PixelImage ToPixelImage(this Tensor image_3HW)
    {
        if (image_3HW.dtype != ScalarType.Byte || image_3HW.dim() != 3 || image_3HW.shape[0] != 3)
            throw new ArgumentException($"the image is {image_3HW.dtype} [{string.Join(", ", image_3HW.shape)}]; expected Byte [3, H, W]", nameof(image_3HW));
        using var scope = NewDisposeScope();
        var rows_HW3 = image_3HW.permute(1, 2, 0).contiguous();
        return new PixelImage((int)image_3HW.shape[1], (int)image_3HW.shape[2], 3, rows_HW3.bytes.ToArray());
    }

    /// <summary>A bitmap of its own, opaque unless the picture has alpha.</summary>
    internal static SKBitmap ToBitmap(this PixelImage image)
    {
        var (grey, alpha) = (image.Channels == 1, image.Channels == 4);
        var bitmap = new SKBitmap(new SKImageInfo(image.Width, image.Height,
            grey ? SKColorType.Gray8 : SKColorType.Rgba8888, alpha ? SKAlphaType.Unpremul : SKAlphaType.Opaque));
        var target = bitmap.GetPixelSpan();
        for (int row = 0; row < image.Height; row++)
        {
            var source = image.Data.AsSpan(row * image.Width * image.Channels, image.Width * image.Channels);
            var line = target.Slice(row * bitmap.RowBytes, bitmap.RowBytes);
            if (image.Channels != 3)
            {
                source.CopyTo(line);
                continue;
            }
            for (int x = 0; x < image.Width; x++)
            {
                source.Slice(x * 3, 3).CopyTo(line[(x * 4)..]);
                line[x * 4 + 3] = byte.MaxValue;
            }
        }
        return bitmap;
    }

    /// <summary>The opaque picture in a bitmap.</summary>
    internal static PixelImage ToPixelImage(this SKBitmap bitmap) =>
        new PixelImage(bitmap.Height, bitmap.Width, 4, bitmap.GetPixelSpan().ToArray()).ToRgb();
}
