using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Vae;

/// <summary>
/// Splits images into overlapping tiles, runs the model on each and blends neighbours linearly across their overlap, so that no
/// seam shows. A tile that would reach past the border is moved inwards, so all tiles have the same size and context.
/// </summary>
public sealed class VaeTiling
{
    /// <param name="tilePixels">Side of a tile in pixels; images whose sides are no larger are not split.</param>
    /// <param name="overlapPixels">Least overlap of neighbours in pixels.</param>
    /// <exception cref="ArgumentOutOfRangeException">The overlap leaves no room for a step.</exception>
    public VaeTiling(int tilePixels = 512, int overlapPixels = 128)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tilePixels, 16);
        ArgumentOutOfRangeException.ThrowIfLessThan(overlapPixels, 8);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(overlapPixels, tilePixels / 2);
        (TilePixels, OverlapPixels) = (tilePixels, overlapPixels);
    }

    public int TilePixels { get; }

    public int OverlapPixels { get; }

    /// <summary>Null where the image fits into a tile.</summary>
    internal Tensor? Encode(Tensor image_BCHW, int downscaling, Func<Tensor, Tensor> encode) =>
        Run(image_BCHW, encode, unit: downscaling, tile: TilePixels / downscaling, overlap: OverlapPixels / downscaling, inputPerUnit: downscaling, outputPerUnit: 1);

    /// <summary>Null where the image fits into a tile.</summary>
    internal Tensor? Decode(Tensor latents_BCHW, int downscaling, Func<Tensor, Tensor> decode) =>
        Run(latents_BCHW, decode, unit: 1, tile: TilePixels / downscaling, overlap: OverlapPixels / downscaling, inputPerUnit: 1, outputPerUnit: downscaling);

    /// <summary>All positions are counted in latents: <paramref name="inputPerUnit"/> and <paramref name="outputPerUnit"/> turn them into pixels.</summary>
    static Tensor? Run(Tensor input, Func<Tensor, Tensor> model, int unit, int tile, int overlap, int inputPerUnit, int outputPerUnit)
    {
        var (height, width) = (input.shape[2] / unit, input.shape[3] / unit);
        if (height <= tile && width <= tile) return null;
        using var scope = NewDisposeScope();
        Tensor? sum = null, weights = null;
        var (tileHeight, tileWidth) = (Math.Min(tile, height), Math.Min(tile, width));
        foreach (var top in Starts(height, tile, overlap))
        {
            foreach (var left in Starts(width, tile, overlap))
            {
                using var tileScope = NewDisposeScope();
                var part = input.narrow(2, top * inputPerUnit, tileHeight * inputPerUnit).narrow(3, left * inputPerUnit, tileWidth * inputPerUnit);
                var result = model(part);
                sum ??= zeros(result.shape[0], result.shape[1], height * outputPerUnit, width * outputPerUnit, result.dtype, result.device)
                    .MoveToOuterDisposeScope();
                weights ??= zeros(height * outputPerUnit, width * outputPerUnit, result.dtype, result.device).MoveToOuterDisposeScope();
                var ramp = Ramp(tileHeight, height, top).unsqueeze(1) * Ramp(tileWidth, width, left).unsqueeze(0);
                Place(sum, top, left).add_(result * ramp);
                Place(weights, top, left).add_(ramp);
            }
        }
        return (sum! / weights!).MoveToOuterDisposeScope();

        Tensor Place(Tensor whole, long top, long left) => whole
            .narrow(-2, top * outputPerUnit, tileHeight * outputPerUnit).narrow(-1, left * outputPerUnit, tileWidth * outputPerUnit);

        // Rises from the tile's edge over the overlap and falls again; at the image's border it stays at 1.
        Tensor Ramp(long size, long whole, long start)
        {
            var (length, rise) = (size * outputPerUnit, (double)overlap * outputPerUnit);
            var weights_N = Enumerable.Range(0, (int)length).Select(i => (float)Math.Min(
                start == 0 ? 1 : Math.Min(1, (i + 0.5) / rise),
                start + size == whole ? 1 : Math.Min(1, (length - i - 0.5) / rise))).ToArray();
            return tensor(weights_N).to(input.dtype).to(input.device);
        }
    }

    static IEnumerable<long> Starts(long length, long tile, long overlap)
    {
        if (length <= tile) return [0];
        var count = 1 + (length - tile + tile - overlap - 1) / (tile - overlap);
        return Enumerable.Range(0, (int)count).Select(i => Math.Min(i * (tile - overlap), length - tile));
    }
}
