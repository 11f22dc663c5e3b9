namespace SpoActors.ShapesWorld.World;

/// <summary>The degradations, on 64x64 channels of floats in 0..255.</summary>
static class Filters
{
    const int Size = Scene.Size, GrainCells = 16;

    /// <summary>Standard deviation of the grain, in grey levels, at noise 1.</summary>
    const double GrainScale = 255 * 1.3;

    static readonly (int[] Cells, float[] Weights)[] Bicubic = [.. Enumerable.Range(0, Size).Select(BicubicTaps)];

    /// <summary>Mixes every pixel with its luma (BT.601).</summary>
    public static void Desaturate(float[][] rgb, double amount)
    {
        if (amount <= 0) return;
        for (var pixel = 0; pixel < Size * Size; pixel++)
        {
            var luma = 0.299f * rgb[0][pixel] + 0.587f * rgb[1][pixel] + 0.114f * rgb[2][pixel];
            foreach (var channel in rgb) channel[pixel] += (float)amount * (luma - channel[pixel]);
        }
    }

    /// <summary>Separable, edges repeated.</summary>
    public static void GaussianBlur(float[] channel, float[] scratch, double sigma)
    {
        if (sigma < 0.05) return;
        var radius = (int)Math.Ceiling(3 * sigma);
        var kernel = new float[2 * radius + 1];
        for (var i = -radius; i <= radius; i++) kernel[i + radius] = (float)Math.Exp(-i * i / (2 * sigma * sigma));
        var total = kernel.Sum();
        for (var i = 0; i < kernel.Length; i++) kernel[i] /= total;
        Convolve(channel, scratch, kernel, alongRows: true);
        Convolve(scratch, channel, kernel, alongRows: false);
    }

    /// <summary>
    /// Normal noise of the brightness on a 16x16 grid, bicubically enlarged: an autoencoder with 4 channels at a quarter of the resolution
    /// deletes noise of single pixels, but keeps grain of 4.
    /// </summary>
    public static void AddGrain(float[][] rgb, double noise, ulong seed)
    {
        if (noise <= 0) return;
        Span<float> grid = stackalloc float[GrainCells * GrainCells];
        Span<float> rows = stackalloc float[GrainCells * Size];
        var random = new SceneRandom(seed, WorldDraw.Grain, 0);
        foreach (ref var cell in grid) cell = (float)(random.Normal() * GrainScale * noise);
        for (var y = 0; y < GrainCells; y++)
            for (var x = 0; x < Size; x++) rows[y * Size + x] = Interpolate(grid[(y * GrainCells)..], Bicubic[x], 1);
        for (var y = 0; y < Size; y++)
            for (var x = 0; x < Size; x++)
            {
                var grain = Interpolate(rows[x..], Bicubic[y], Size);
                foreach (var channel in rgb) channel[y * Size + x] += grain;
            }
    }

    static void Convolve(float[] source, float[] target, float[] kernel, bool alongRows)
    {
        var radius = kernel.Length / 2;
        for (var y = 0; y < Size; y++)
            for (var x = 0; x < Size; x++)
            {
                var sum = 0f;
                for (var i = -radius; i <= radius; i++)
                {
                    var at = alongRows ? y * Size + Math.Clamp(x + i, 0, Size - 1) : Math.Clamp(y + i, 0, Size - 1) * Size + x;
                    sum += kernel[i + radius] * source[at];
                }
                target[y * Size + x] = sum;
            }
    }

    static float Interpolate(ReadOnlySpan<float> values, (int[] Cells, float[] Weights) taps, int stride)
    {
        var sum = 0f;
        for (var i = 0; i < 4; i++) sum += taps.Weights[i] * values[taps.Cells[i] * stride];
        return sum;
    }

    /// <summary>Keys' cubic with a = -0.5, pixel centres aligned, edges repeated.</summary>
    static (int[] Cells, float[] Weights) BicubicTaps(int pixel)
    {
        var position = (pixel + 0.5) * GrainCells / Size - 0.5;
        var first = (int)Math.Floor(position) - 1;
        var weights = new float[4];
        for (var i = 0; i < 4; i++)
        {
            var d = Math.Abs(position - (first + i));
            weights[i] = (float)(d < 1 ? 1.5 * d * d * d - 2.5 * d * d + 1 : d < 2 ? -0.5 * d * d * d + 2.5 * d * d - 4 * d + 2 : 0);
        }
        return ([.. Enumerable.Range(first, 4).Select(c => Math.Clamp(c, 0, GrainCells - 1))], weights);
    }
}
