using static TorchSharp.torch;

namespace SpoActors.Trainer.Randomness;

/// <summary>
/// What is random in the training of a preference model, each number a pure function of the seed and of what it is for. Tensors are
/// float32 on the CPU.
/// </summary>
/// <remarks>Shape letters: B pairs, C latent channels, h and w latent rows and columns.</remarks>
public sealed class PairRandom(ulong seed)
{
    /// <summary>Seed of the order in which pairs are visited.</summary>
    public ulong Seed => seed;

    /// <summary>Timestep of a pair, uniform in first .. last.</summary>
    /// <param name="step">The training step.</param>
    /// <param name="pair">Place of the pair in the step's batch.</param>
    /// <param name="first">Smallest.</param>
    /// <param name="last">Largest.</param>
    public long Timestep(int step, int pair, int first, int last) => first + Stream(DrawPurpose.PairTimestep, step, pair).NextInt32(last - first + 1);

    /// <summary>Noise of a training step.</summary>
    /// <param name="step">The training step.</param>
    /// <param name="firstPair">Place of the first pair in the step's batch.</param>
    /// <param name="count">B.</param>
    /// <param name="channels">C.</param>
    /// <param name="height">h.</param>
    /// <param name="width">w.</param>
    public PairNoise Training(int step, int firstPair, int count, long channels, long height, long width) => new(
        Normal(count, channels, height, width, b => Stream(DrawPurpose.PairNoise, step, firstPair + b)),
        Normal(count, channels, height, width, b => Stream(DrawPurpose.PairEncoderNoise, step, firstPair + b, 0)),
        Normal(count, channels, height, width, b => Stream(DrawPurpose.PairEncoderNoise, step, firstPair + b, 1)));

    /// <summary>Noise of validation pairs at a timestep: the same at every validation, so that they can be compared.</summary>
    public PairNoise Validation(int timestep, int firstPair, int count, long channels, long height, long width)
    {
        PhiloxStream Of(int b, int part) => Stream(DrawPurpose.PairValidation, timestep, firstPair + b, part);
        return new(
            Normal(count, channels, height, width, b => Of(b, 0)), Normal(count, channels, height, width, b => Of(b, 1)), Normal(count, channels, height, width, b => Of(b, 2)));
    }

    /// <summary>First weights of the time embedder's layers: standard normal, of the given shape.</summary>
    /// <param name="layer">0 for the first.</param>
    /// <param name="shape">Of its weight.</param>
    public Tensor TimeEmbedder(int layer, long[] shape)
    {
        var tensor = empty(shape, ScalarType.Float32);
        Stream(DrawPurpose.TimeEmbedder, 0, layer).FillNormal(Floats(tensor));
        return tensor;
    }

    PhiloxStream Stream(DrawPurpose purpose, int step, int pair, int part = 0) => new(seed, purpose, (uint)step, (uint)pair, candidate: part);

    static Tensor Normal(int count, long channels, long height, long width, Func<int, PhiloxStream> streams)
    {
        var tensor = empty([count, channels, height, width], ScalarType.Float32);
        var all = Floats(tensor);
        var one = (int)(channels * height * width);
        for (var b = 0; b < count; b++) streams(b).FillNormal(all.Slice(b * one, one));
        return tensor;
    }

    static Span<float> Floats(Tensor tensor) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensor.bytes);
}

/// <summary>Noise of pairs: of the diffusion, shared by both images, and of the autoencoder, of each image its own; all [B, C, h, w].</summary>
public sealed record PairNoise(Tensor Diffusion, Tensor FirstEncoder, Tensor SecondEncoder);
