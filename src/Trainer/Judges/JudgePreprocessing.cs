using SpoActors.Trainer.Imaging;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges;

/// <summary>
/// From decoder output (about [-1, 1]) to the pixel values of a preference model's vision tower. Scoring resizes before it clamps,
/// training clamps before it resizes: the two differ wherever values leave [-1, 1], by up to 0.3 normalised units.
/// </summary>
/// <remarks>Both use the bicubic kernel without antialiasing: an antialiased resize would be another input to the model.</remarks>
public sealed record JudgePreprocessing(int Size, PixelNormalisation Normalisation) : IImagePreprocessing
{
    /// <summary>For scoring: shortest edge resized, centre crop, clamp, normalise.</summary>
    /// <param name="images_BCHW">Any floating type; resized and clamped in it.</param>
    /// <returns>float32, [B, 3, size, size].</returns>
    public Tensor ForScoring(Tensor images_BCHW)
    {
        using var scope = NewDisposeScope();
        return Normalisation.Apply(ToUnit(CentreCrop(ResizeShortestEdge(images_BCHW)))).MoveToOuterDisposeScope();
    }

    /// <summary>For training the model itself: clamp, resize to a square, clamp, normalise.</summary>
    /// <inheritdoc cref="ForScoring"/>
    public Tensor ForTraining(Tensor images_BCHW)
    {
        using var scope = NewDisposeScope();
        return Normalisation.Apply(Resize(ToUnit(images_BCHW), Size, Size).clamp(0, 1)).MoveToOuterDisposeScope();
    }

    /// <summary>A picture of the training data as the VAE's input: [-1, 1], [3, resolution, resolution].</summary>
    public static Tensor DatasetImage(PixelImage image, int resolution) =>
        new ClipImageProcessor(resolution, PixelNormalisation.Symmetric).Process(image);

    internal Tensor ResizeShortestEdge(Tensor images_BCHW)
    {
        var (height, width) = (images_BCHW.shape[2], images_BCHW.shape[3]);
        var scale = (double)Size / Math.Min(height, width);
        return Resize(images_BCHW, (long)(height * scale + 0.5), (long)(width * scale + 0.5));
    }

    internal Tensor CentreCrop(Tensor images_BCHW)
    {
        var (height, width) = (images_BCHW.shape[2], images_BCHW.shape[3]);
        if (height == width) return images_BCHW;
        using var rows = images_BCHW.narrow(2, Offset(height), Size);
        return rows.narrow(3, Offset(width), Size);
    }

    internal static Tensor ToUnit(Tensor images_BCHW)
    {
        using var scope = NewDisposeScope();
        return (images_BCHW / 2 + 0.5).clamp(0, 1).to_type(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    static Tensor Resize(Tensor images_BCHW, long height, long width) =>
        nn.functional.interpolate(images_BCHW, [height, width], mode: InterpolationMode.Bicubic, align_corners: false);

    long Offset(long edge) => (long)Math.Round((edge - Size) / 2.0, MidpointRounding.ToEven);
}
