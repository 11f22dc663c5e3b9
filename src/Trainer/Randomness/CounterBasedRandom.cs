using System.Security.Cryptography;
using System.Text;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Randomness;

/// <summary>
/// The product's random source: every number is a pure function of the run's seed and of what it is for, whoever asks, wherever
/// and in whatever order.
/// </summary>
public sealed class CounterBasedRandom(ulong seed) : IRandomSource
{
    public Tensor InitialLatents(ItemDraw item, long channels, long height, long width) =>
        Normal(item, DrawPurpose.InitialLatents, 0, 1, channels, height, width);

    public Tensor ChainLatents(ItemDraw item, int copies, long channels, long height, long width) =>
        Normal(item, DrawPurpose.InitialLatents, 0, copies, channels, height, width);

    public Tensor StepNoise(ItemDraw item, int step, int copies, long channels, long height, long width) =>
        Normal(item, DrawPurpose.StepNoise, step, copies, channels, height, width);

    public Tensor CandidateNoise(ItemDraw item, int step, int candidates, long channels, long height, long width)
    {
        using var flat = Normal(item, DrawPurpose.CandidateNoise, step, candidates, channels, height, width);
        return flat.view(candidates, item.Count, channels, height, width);
    }

    public long[] Pick(ItemDraw item, int step, int candidates) =>
        [.. item.PromptIndices.Select(p => (long)Stream(DrawPurpose.Pick, item.Round, p, step).NextInt32(candidates))];

    public (long First, long Second)[] TwoCandidates(ItemDraw item, int step, int candidates) =>
        [.. item.PromptIndices.Select(p =>
        {
            var order = Stream(DrawPurpose.TwoCandidates, item.Round, p, step).Permutation(candidates);
            return (order[0], order[1]);
        })];

    public Tensor NoiseOfCandidate(int round, int promptIndex, int step, int candidate, long channels, long height, long width) =>
        Normal(Stream(DrawPurpose.CandidateNoise, round, promptIndex, step, candidate), channels, height, width);

    public Tensor TrainingNoise(int round, int promptIndex, int epoch, long channels, long height, long width) =>
        Normal(Stream(DrawPurpose.Training, round, promptIndex, epoch), channels, height, width);

    public int TrainingTimestep(int round, int promptIndex, int epoch, int count) =>
        Stream(DrawPurpose.Training, round, promptIndex, epoch, candidate: 1).NextInt32(count);

    public long[] Shuffle(int round, int epoch, int count) => Stream(DrawPurpose.Shuffle, round, epoch, 0).Permutation(count);

    /// <summary>Order in which an epoch visits the prompts.</summary>
    public long[] PromptOrder(int epoch, int count) => Stream(DrawPurpose.PromptOrder, epoch, 0, 0).Permutation(count);

    /// <summary>Start values of the LoRA layer at a module path: standard normal, of the given shape.</summary>
    public Tensor LoraInitialization(string path, long[] shape)
    {
        // Keyed by the path, not by its place in a list: adding a target leaves the other layers' values as they are.
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(path));
        var tensor = empty(shape, ScalarType.Float32);
        new PhiloxStream(seed, DrawPurpose.LoraInitialization, BitConverter.ToUInt32(hash, 0), BitConverter.ToUInt32(hash, 4)).FillNormal(Floats(tensor));
        return tensor;
    }

    /// <summary>x_T of one evaluation image, shape [1, C, H, W].</summary>
    public static Tensor EvaluationLatents(ulong imageSeed, int prompt, long channels, long height, long width)
    {
        var tensor = empty([1, channels, height, width], ScalarType.Float32);
        new PhiloxStream(imageSeed, DrawPurpose.Evaluation, 0, (uint)prompt).FillNormal(Floats(tensor));
        return tensor;
    }

    /// <summary>Noise of one DDIM step of an evaluation image, shape [1, C, H, W].</summary>
    public static Tensor EvaluationNoise(ulong imageSeed, int prompt, int step, long channels, long height, long width)
    {
        var tensor = empty([1, channels, height, width], ScalarType.Float32);
        new PhiloxStream(imageSeed, DrawPurpose.Evaluation, 1, (uint)prompt, step).FillNormal(Floats(tensor));
        return tensor;
    }

    static Tensor Normal(PhiloxStream stream, long channels, long height, long width)
    {
        var tensor = empty([channels, height, width], ScalarType.Float32);
        stream.FillNormal(Floats(tensor));
        return tensor;
    }

    Tensor Normal(ItemDraw item, DrawPurpose purpose, int step, int copies, long channels, long height, long width)
    {
        var tensor = empty([copies * item.Count, channels, height, width], ScalarType.Float32);
        var all = Floats(tensor);
        var one = (int)(channels * height * width);
        for (int copy = 0; copy < copies; copy++)
            for (int prompt = 0; prompt < item.Count; prompt++)
                Stream(purpose, item.Round, item.PromptIndices[prompt], step, copy).FillNormal(all.Slice((copy * item.Count + prompt) * one, one));
        return tensor;
    }

    PhiloxStream Stream(DrawPurpose purpose, int round, int index, int step, int candidate = 0) => new(seed, purpose, (uint)round, (uint)index, step, candidate);

    static Span<float> Floats(Tensor tensor) => System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(tensor.bytes);
}
