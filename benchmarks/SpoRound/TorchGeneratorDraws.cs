using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Benchmarks.SpoRound;

/// <summary>
/// Draws from libtorch's CPU generator in the order asked for, as the Python peer does: after the same seed, both programs work on the
/// same numbers.
/// </summary>
sealed class TorchGeneratorDraws : IRandomSource
{
    public TorchGeneratorDraws(long seed) => manual_seed(seed);

    public Tensor InitialLatents(ItemDraw item, long channels, long height, long width) => randn([item.Count, channels, height, width]);

    public Tensor StepNoise(ItemDraw item, int step, int copies, long channels, long height, long width) => randn([copies * item.Count, channels, height, width]);

    public Tensor CandidateNoise(ItemDraw item, int step, int candidates, long channels, long height, long width) =>
        randn([candidates, item.Count, channels, height, width]);

    public long[] Pick(ItemDraw item, int step, int candidates) => Values(randint(0, candidates, [item.Count], ScalarType.Int64));

    public (long First, long Second)[] TwoCandidates(ItemDraw item, int step, int candidates) =>
        throw new NotSupportedException("the peer pairs the best with the worst");

    public Tensor ChainLatents(ItemDraw item, int copies, long channels, long height, long width) => randn([copies * item.Count, channels, height, width]);

    public Tensor NoiseOfCandidate(int round, int promptIndex, int step, int candidate, long channels, long height, long width) =>
        throw new NotSupportedException("the generator draws each number once");

    public Tensor TrainingNoise(int round, int promptIndex, int epoch, long channels, long height, long width) => randn([channels, height, width]);

    public int TrainingTimestep(int round, int promptIndex, int epoch, int count) => (int)Values(randint(0, count, [1], ScalarType.Int64))[0];

    public long[] Shuffle(int round, int epoch, int count) => LastShuffle = Values(randperm(count));

    /// <summary>The order that was drawn last.</summary>
    public long[] LastShuffle { get; private set; } = [];

    static long[] Values(Tensor tensor)
    {
        using (tensor) return tensor.data<long>().ToArray();
    }
}
