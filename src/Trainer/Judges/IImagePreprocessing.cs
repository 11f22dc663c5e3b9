using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>From decoder output (about [-1, 1]) to the pixel values of a vision tower.</summary>
public interface IImagePreprocessing
{
    /// <param name="images_BCHW">Any floating type.</param>
    /// <returns>float32, [B, 3, size, size], on the images' device.</returns>
    Tensor ForScoring(Tensor images_BCHW);
}
