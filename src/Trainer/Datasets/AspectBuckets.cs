namespace SpoActors.Trainer.Datasets;

/// <summary>
/// The shapes that images of several aspects are trained in (SDXL's "multi-aspect training", arXiv 2307.01952, section 2.3): sides in
/// multiples of a step, about as many pixels as the square, from four times as wide as high to four times as high as wide.
/// </summary>
public sealed class AspectBuckets
{
    const int Step = 64, SmallStep = 8, SmallBelow = 256;

    AspectBuckets(IReadOnlyList<ImageSize> sizes) => Sizes = sizes;

    /// <summary>By height, ascending; each as wide as its height allows.</summary>
    public IReadOnlyList<ImageSize> Sizes { get; }

    /// <param name="resolution">Side of the square; no shape has more pixels.</param>
    /// <exception cref="ArgumentException">No multiple of the step fits.</exception>
    public static AspectBuckets Of(int resolution)
    {
        var step = resolution < SmallBelow ? SmallStep : Step;
        if (resolution < step) throw new ArgumentException($"the resolution is {resolution}; buckets need {step} or more", nameof(resolution));
        var lowest = Math.Max(step, resolution / 2 / step * step);
        return new AspectBuckets([.. Enumerable.Range(0, 2 * resolution / step)
            .Select(i => lowest + i * step).TakeWhile(height => height <= 2 * resolution)
            .Select(height => new ImageSize(height, resolution * resolution / height / step * step))
            .Where(size => size.Width >= lowest)]);
    }

    /// <summary>The shape whose aspect differs from an image's by the smallest factor; of two as near, the one with more pixels.</summary>
    public ImageSize For(ImageSize image) =>
        Sizes.OrderBy(size => Factor(size, image)).ThenByDescending(size => size.Height * size.Width).ThenBy(size => size.Height).First();

    /// <summary>At least 1. Products and one division, which give the same bits on every machine.</summary>
    static double Factor(ImageSize a, ImageSize b)
    {
        double left = (long)a.Width * b.Height, right = (long)a.Height * b.Width;
        return Math.Max(left, right) / Math.Min(left, right);
    }
}
