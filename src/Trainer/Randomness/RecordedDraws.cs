using static TorchSharp.torch;

namespace SpoActors.Trainer.Randomness;

/// <summary>
/// Replays draws recorded elsewhere, in the order in which they were drawn; a request of another kind or shape than the
/// recording's next draw is an error, so that a program that draws in another order cannot pass.
/// </summary>
/// <param name="draws">The recording: names, kinds (normal, pick, permutation) and tensors, read on demand.</param>
public sealed class RecordedDraws(IEnumerable<RecordedDraw> draws) : IRandomSource
{
    readonly Queue<RecordedDraw> left = new(draws);

    /// <summary>Draws not asked for yet.</summary>
    public int Left => left.Count;

    public Tensor InitialLatents(ItemDraw item, long channels, long height, long width) =>
        Next("normal", item.Count, channels, height, width);

    public Tensor ChainLatents(ItemDraw item, int copies, long channels, long height, long width) =>
        Next("normal", copies * item.Count, channels, height, width);

    public Tensor StepNoise(ItemDraw item, int step, int copies, long channels, long height, long width) =>
        Next("normal", copies * item.Count, channels, height, width);

    public Tensor CandidateNoise(ItemDraw item, int step, int candidates, long channels, long height, long width) =>
        Next("normal", candidates, item.Count, channels, height, width);

    public long[] Pick(ItemDraw item, int step, int candidates) => Integers("pick", item.Count);

    public (long First, long Second)[] TwoCandidates(ItemDraw item, int step, int candidates) =>
        throw new NotSupportedException("the reference draws no two random candidates, so no recording holds any");

    public Tensor NoiseOfCandidate(int round, int promptIndex, int step, int candidate, long channels, long height, long width) =>
        throw new NotSupportedException("a recording holds each draw once");

    public Tensor TrainingNoise(int round, int promptIndex, int epoch, long channels, long height, long width) => Next("normal", channels, height, width);

    public int TrainingTimestep(int round, int promptIndex, int epoch, int count) => (int)Integers("timestep", 1)[0];

    public long[] Shuffle(int round, int epoch, int count) => Integers("permutation", count);

    long[] Integers(string kind, long count)
    {
        using var tensor = Next(kind, count);
        return tensor.data<long>().ToArray();
    }

    Tensor Next(string kind, params long[] shape)
    {
        if (!left.TryDequeue(out var draw))
            throw new InvalidOperationException($"the recording is used up, but a {kind} draw of shape [{string.Join(", ", shape)}] is asked for");
        if (draw.Kind != kind)
            throw new InvalidOperationException($"{draw.Name} is a {draw.Kind} draw, but a {kind} draw is asked for");
        var tensor = draw.Read();
        if (!tensor.shape.SequenceEqual(shape))
            throw new InvalidOperationException(
                $"{draw.Name} has shape [{string.Join(", ", tensor.shape)}], but [{string.Join(", ", shape)}] is asked for");
        return tensor;
    }
}

/// <summary>One recorded draw.</summary>
/// <param name="Name">For error messages.</param>
/// <param name="Kind">normal, pick or permutation.</param>
/// <param name="Read">Its values: float32 for normal, int64 otherwise.</param>
public sealed record RecordedDraw(string Name, string Kind, Func<Tensor> Read);
