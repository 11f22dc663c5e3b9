using SpoActors.ShapesWorld.World;

namespace SpoActors.ShapesWorld.Oracles;

/// <summary>
/// Measures of an image's quality that nothing was trained for: they show that a gain in the oracle's aesthetics is not a trick played on
/// its network. They depend on the content too, so compare them on the same prompts only.
/// </summary>
/// <param name="Noise">25 % quantile, over blocks of 8x8 pixels, of the deviation from a plane, in grey levels of 0..1.</param>
/// <param name="Sharpness">Median, where the local contrast is over 60 % of the largest, of gradient over contrast.</param>
/// <param name="Saturation">Mean HSV saturation of the 200 most saturated pixels.</param>
public sealed record ImageChecks(double Noise, double Sharpness, double Saturation)
{
    const int Size = Scene.Size, Block = 8, SaturatedPixels = 200;

    /// <param name="image">Rows of RGB bytes, 64 * 64 * 3.</param>
    public static ImageChecks Of(ReadOnlySpan<byte> image)
    {
        var grey = new double[Size * Size];
        var saturation = new double[Size * Size];
        for (var pixel = 0; pixel < grey.Length; pixel++)
        {
            double r = image[pixel * 3], g = image[pixel * 3 + 1], b = image[pixel * 3 + 2];
            grey[pixel] = (0.299 * r + 0.587 * g + 0.114 * b) / 255;
            var (largest, smallest) = (Math.Max(r, Math.Max(g, b)), Math.Min(r, Math.Min(g, b)));
            saturation[pixel] = largest == 0 ? 0 : (largest - smallest) / largest;
        }
        return new ImageChecks(NoiseOf(grey), SharpnessOf(grey), saturation.OrderDescending().Take(SaturatedPixels).Average());
    }

    static double NoiseOf(double[] grey)
    {
        var deviations = new List<double>();
        for (var top = 0; top < Size; top += Block)
            for (var left = 0; left < Size; left += Block)
                deviations.Add(DeviationFromPlane(grey, top, left));
        deviations.Sort();
        return deviations[deviations.Count / 4];
    }

    /// <summary>Least squares of a plane; on a centred grid the two slopes and the mean are independent.</summary>
    static double DeviationFromPlane(double[] grey, int top, int left)
    {
        double sum = 0, squares = 0, alongX = 0, alongY = 0, grid = 0;
        for (var y = 0; y < Block; y++)
            for (var x = 0; x < Block; x++)
            {
                double value = grey[(top + y) * Size + left + x], dx = x - (Block - 1) / 2.0, dy = y - (Block - 1) / 2.0;
                sum += value;
                squares += value * value;
                alongX += value * dx;
                alongY += value * dy;
                grid += dx * dx;
            }
        const int count = Block * Block;
        return Math.Sqrt(Math.Max(0, squares - sum * sum / count - (alongX * alongX + alongY * alongY) / grid) / count);
    }

    static double SharpnessOf(double[] grey)
    {
        const int radius = 3;
        var edges = new List<(double Contrast, double Gradient)>();
        for (var y = radius; y < Size - radius; y++)
            for (var x = radius; x < Size - radius; x++)
            {
                double lowest = 1, highest = 0, steepest = 0;
                for (var dy = -radius; dy <= radius; dy++)
                    for (var dx = -radius; dx <= radius; dx++)
                    {
                        var at = (y + dy) * Size + x + dx;
                        lowest = Math.Min(lowest, grey[at]);
                        highest = Math.Max(highest, grey[at]);
                        if (dx < radius) steepest = Math.Max(steepest, Math.Abs(grey[at + 1] - grey[at]));
                        if (dy < radius) steepest = Math.Max(steepest, Math.Abs(grey[at + Size] - grey[at]));
                    }
                edges.Add((highest - lowest, steepest));
            }
        var threshold = 0.6 * edges.Max(e => e.Contrast);
        var ratios = edges.Where(e => e.Contrast > 0 && e.Contrast >= threshold).Select(e => e.Gradient / e.Contrast).Order().ToList();
        return ratios.Count == 0 ? 0 : ratios[ratios.Count / 2];
    }
}
