namespace SpoActors.Trainer.Imaging;

/// <summary>
/// Pillow's bicubic (a = -0.5) and bilinear resize, equal in every byte: antialiased when it shrinks, weights in fixed point, rounded and
/// clipped to bytes between the horizontal and the vertical pass. The preference models were trained on what bicubic makes of pictures, the
/// diffusion models of Diffusion-DPO on what bilinear makes of them.
/// </summary>
public static class PillowResize
{
    const int PrecisionBits = 32 - 8 - 2;
    const double CubicA = -0.5;
    const double CubicSupport = 2;

    /// <summary>Resizes; alpha is premultiplied for the time of resizing, as Pillow does.</summary>
    public static PixelImage Bicubic(PixelImage image, int height, int width) => Resize(image, height, width, new Filter(CubicSupport, Cubic));

    /// <inheritdoc cref="Bicubic"/>
    public static PixelImage Bilinear(PixelImage image, int height, int width) => Resize(image, height, width, new Filter(1, x => Math.Max(0, 1 - Math.Abs(x))));

    /// <param name="Support">Beyond this distance the weight is 0.</param>
    /// <param name="Weight">Weight at a distance.</param>
    sealed record Filter(double Support, Func<double, double> Weight);

    static PixelImage Resize(PixelImage image, int height, int width, Filter filter)
    {
        if (image.Height == height && image.Width == width) return image;
        return image.Channels == 4
            ? Unpremultiply(Both(Premultiply(image), height, width, filter))
            : Both(image, height, width, filter);
    }

    static PixelImage Both(PixelImage image, int height, int width, Filter filter)
    {
        if (image.Width != width) image = Horizontal(image, width, filter);
        if (image.Height != height) image = Vertical(image, height, filter);
        return image;
    }

    static PixelImage Horizontal(PixelImage image, int width, Filter filter)
    {
        var taps = Taps.Of(image.Width, width, filter);
        var channels = image.Channels;
        var output = new byte[image.Height * width * channels];
        for (var row = 0; row < image.Height; row++)
            for (var column = 0; column < width; column++)
                for (var c = 0; c < channels; c++)
                    output[(row * width + column) * channels + c] =
                        taps[column].Apply(image.Data, row * image.Width * channels + c, channels);
        return new PixelImage(image.Height, width, channels, output);
    }

    static PixelImage Vertical(PixelImage image, int height, Filter filter)
    {
        var taps = Taps.Of(image.Height, height, filter);
        var stride = image.Width * image.Channels;
        var output = new byte[height * stride];
        for (var row = 0; row < height; row++)
            for (var i = 0; i < stride; i++)
                output[row * stride + i] = taps[row].Apply(image.Data, i, stride);
        return new PixelImage(height, image.Width, image.Channels, output);
    }

    static double Cubic(double x)
    {
        x = Math.Abs(x);
        if (x < 1) return ((CubicA + 2) * x - (CubicA + 3)) * x * x + 1;
        return x < 2 ? (((x - 5) * x + 8) * x - 4) * CubicA : 0;
    }

    static PixelImage Premultiply(PixelImage image)
    {
        var data = (byte[])image.Data.Clone();
        for (var pixel = 0; pixel < data.Length; pixel += 4)
            for (var c = 0; c < 3; c++)
            {
                var product = data[pixel + c] * data[pixel + 3] + 128;
                data[pixel + c] = (byte)(((product >> 8) + product) >> 8);
            }
        return image with { Data = data };
    }

    static PixelImage Unpremultiply(PixelImage image)
    {
        var data = image.Data;
        for (var pixel = 0; pixel < data.Length; pixel += 4)
        {
            var alpha = data[pixel + 3];
            if (alpha is 0 or 255) continue;
            for (var c = 0; c < 3; c++) data[pixel + c] = (byte)Math.Min(255, 255 * data[pixel + c] / alpha);
        }
        return image;
    }

    /// <summary>The source pixels that make up one output pixel, and their weights times 2^22.</summary>
    readonly record struct Taps(int First, int[] Weights)
    {
        public static Taps[] Of(int input, int output, Filter filter)
        {
            var scale = (double)input / output;
            var filterScale = Math.Max(scale, 1);
            var support = filter.Support * filterScale;
            var taps = new Taps[output];
            for (var o = 0; o < output; o++)
            {
                var centre = (o + 0.5) * scale;
                var first = Math.Max(0, (int)(centre - support + 0.5));
                var end = Math.Min(input, (int)(centre + support + 0.5));
                var weights = new double[end - first];
                for (var i = 0; i < weights.Length; i++) weights[i] = filter.Weight((i + first - centre + 0.5) * (1 / filterScale));
                var sum = weights.Sum();
                taps[o] = new Taps(first, [.. weights.Select(w => (int)Math.Round(w / sum * (1 << PrecisionBits), MidpointRounding.AwayFromZero))]);
            }
            return taps;
        }

        public byte Apply(byte[] data, int offset, int stride)
        {
            var sum = 1 << (PrecisionBits - 1);
            for (var i = 0; i < Weights.Length; i++) sum += data[offset + (First + i) * stride] * Weights[i];
            return (byte)Math.Clamp(sum >> PrecisionBits, 0, 255);
        }
    }
}
