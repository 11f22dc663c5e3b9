using SpoActors.Trainer.Imaging;

namespace SpoActors.Trainer.Datasets;

/// <summary>
/// How an image becomes one of the training size, as torchvision does it for the originals: resized with Pillow's bilinear filter until it
/// just covers the size, mirrored or not, cropped.
/// </summary>
/// <param name="Original">The image's size.</param>
/// <param name="Resized">Its size before the crop.</param>
/// <param name="Target">The training size.</param>
/// <param name="CropTop">First row kept.</param>
/// <param name="CropLeft">First column kept, counted after mirroring.</param>
/// <param name="IsFlipped">Whether it is mirrored.</param>
public sealed record ImagePlacement(ImageSize Original, ImageSize Resized, ImageSize Target, int CropTop, int CropLeft, bool IsFlipped)
{
    /// <summary>The middle of the image; an odd margin is halved to the even side, which is torchvision's rounding.</summary>
    /// <exception cref="InvalidDataException">The image is so long that, resized, it would have more pixels than are decoded.</exception>
    public static ImagePlacement Centered(ImageSize original, ImageSize target)
    {
        // The side that must be stretched most decides; the other comes out at least as long as asked, rounded down.
        var byHeight = (long)original.Height * target.Width <= (long)original.Width * target.Height;
        var (height, width) = byHeight
            ? ((long)target.Height, (long)target.Height * original.Width / original.Height)
            : ((long)target.Width * original.Height / original.Width, (long)target.Width);
        if (height * width > PixelImage.MostPixels)
            throw new InvalidDataException(FormattableString.Invariant($"an image of {original} would be {height} x {width} when it covers {target}; at most {PixelImage.MostPixels} pixels are made."));
        var resized = new ImageSize((int)height, (int)width);
        return new ImagePlacement(original, resized, target, Half(resized.Height - target.Height), Half(resized.Width - target.Width), IsFlipped: false);
    }

    /// <summary>Rows that the crop leaves out.</summary>
    public int MarginHeight => Resized.Height - Target.Height;

    /// <summary>Columns that the crop leaves out.</summary>
    public int MarginWidth => Resized.Width - Target.Width;

    /// <param name="image">Of the original size.</param>
    public PixelImage Apply(PixelImage image)
    {
        var resized = PillowResize.Bilinear(image, Resized.Height, Resized.Width);
        return (IsFlipped ? resized.Mirror() : resized).Crop(CropTop, CropLeft, Target.Height, Target.Width);
    }

    static int Half(int margin) => (int)Math.Round(margin / 2.0, MidpointRounding.ToEven);
}
