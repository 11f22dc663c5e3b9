using SpoActors.Trainer.Imaging;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>
/// The way of judges that were made for pictures: decoder output becomes bytes first, as a pipeline saves it, and each picture then goes
/// through the original's preprocessing, on the CPU.
/// </summary>
/// <param name="process">A picture to pixel values, float32 [3, size, size].</param>
public sealed class PicturePreprocessing(Func<PixelImage, Tensor> process) : IImagePreprocessing
{
    public Tensor ForScoring(Tensor images_BCHW)
    {
        using var scope = NewDisposeScope();
        var bytes_BCHW = ToBytes(images_BCHW).cpu();
        var pixels_BCHW = stack([.. Enumerable.Range(0, (int)bytes_BCHW.shape[0]).Select(b => process(bytes_BCHW[b].ToPixelImage()))]);
        // There is no byte for NaN, and a score made of another would hide that the decoder overflowed.
        var broken_B111 = images_BCHW.isfinite().flatten(1).all(1).logical_not().cpu().view(-1, 1, 1, 1);
        return pixels_BCHW.masked_fill(broken_B111, double.NaN).to(images_BCHW.device).MoveToOuterDisposeScope();
    }

    // As diffusers' numpy_to_pil: halves to even, which is torch's rounding and numpy's.
    static Tensor ToBytes(Tensor images_BCHW)
    {
        var unit_BCHW = (images_BCHW.to_type(ScalarType.Float32) / 2 + 0.5).clamp(0, 1);
        return (unit_BCHW * 255).round().to_type(ScalarType.Byte);
    }
}
