using SpoActors.Trainer.Imaging;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>
/// HPSv2's way from a picture to pixel values: a float tensor first, the longest side resized, zero padding, then normalisation; no crop.
/// </summary>
/// <param name="Size">Rows and columns of the result.</param>
/// <param name="Normalisation">Mean and deviation.</param>
/// <param name="Antialias">
/// What torchvision does with tensors from 0.17 on. HPSv2 is of the time before and leaves the version open, so scores depend on it.
/// </param>
public sealed record Hpsv2Preprocessing(int Size, PixelNormalisation Normalisation, bool Antialias = true)
{
    /// <returns>float32, [3, size, size]. An alpha channel is dropped (the original's model fails on it).</returns>
    public Tensor Process(PixelImage image) => Process(image.ToRgb(), keepAlpha: false);

    /// <param name="image">RGB, or RGBA where alpha is kept as an unnormalised fourth channel.</param>
    /// <param name="keepAlpha">As the original's transform does.</param>
    internal Tensor Process(PixelImage image, bool keepAlpha)
    {
        using var scope = NewDisposeScope();
        if (!keepAlpha || image.Channels == 1) image = image.ToRgb();
        var unit_CHW = tensor(image.Data.Select(v => v / 255f).ToArray(), [image.Height, image.Width, image.Channels]).permute(2, 0, 1).contiguous();
        var padded_CHW = Pad(Resize(unit_CHW));
        return (padded_CHW.shape[0] == 3
            ? Normalisation.Apply(padded_CHW)
            : cat([Normalisation.Apply(padded_CHW.narrow(0, 0, 3)), padded_CHW.narrow(0, 3, 1)])).MoveToOuterDisposeScope();
    }

    Tensor Resize(Tensor unit_CHW)
    {
        var (height, width) = (unit_CHW.shape[1], unit_CHW.shape[2]);
        var scale = Size / (double)Math.Max(height, width);
        long Scaled(long edge) => (long)Math.Round(edge * scale, MidpointRounding.ToEven);
        if (Scaled(height) == height && Scaled(width) == width) return unit_CHW;
        return nn.functional.interpolate(unit_CHW.unsqueeze(0), [Scaled(height), Scaled(width)], mode: InterpolationMode.Bicubic,
            align_corners: false, antialias: Antialias).squeeze(0);
    }

    // An image whose longest side has the right size already is padded too; the original forgets it and then fails.
    Tensor Pad(Tensor resized_CHW)
    {
        var (rows, columns) = (Size - resized_CHW.shape[1], Size - resized_CHW.shape[2]);
        return nn.functional.pad(resized_CHW, [columns / 2, columns - columns / 2, rows / 2, rows - rows / 2]);
    }
}
