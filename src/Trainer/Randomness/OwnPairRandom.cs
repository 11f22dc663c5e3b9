using static TorchSharp.torch;

namespace SpoActors.Trainer.Randomness;

/// <summary>
/// What is random in the encoding of a user's images. Each number is a pure function of the seed and of the image's SHA-256, so that an image
/// is encoded alike whenever, wherever and in whatever pair it comes up.
/// </summary>
/// <param name="seed">The run's.</param>
public sealed class OwnPairRandom(ulong seed)
{
    const int Noise = 0, Place = 1, Mirror = 2;

    /// <summary>Standard normal: the autoencoder's sampling noise, float32 on the CPU, [1, C, h, w].</summary>
    public Tensor EncoderNoise(byte[] imageHash, long channels, long height, long width)
    {
        var tensor = empty([1, channels, height, width], ScalarType.Float32);
        Stream(imageHash, Noise).FillNormal(System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensor.bytes));
        return tensor;
    }

    /// <summary>Where a crop begins, uniform in 0 .. margin.</summary>
    public (int Top, int Left) Crop(byte[] imageHash, int marginHeight, int marginWidth)
    {
        var stream = Stream(imageHash, Place);
        return (stream.NextInt32(marginHeight + 1), stream.NextInt32(marginWidth + 1));
    }

    /// <summary>Whether an image, and with it its pair, is mirrored.</summary>
    public bool Flip(byte[] imageHash) => Stream(imageHash, Mirror).NextInt32(2) == 1;

    PhiloxStream Stream(byte[] hash, int part) =>
        new(seed, DrawPurpose.PairEncoderNoise, BitConverter.ToUInt32(hash, 0), BitConverter.ToUInt32(hash, 4), candidate: part);
}
