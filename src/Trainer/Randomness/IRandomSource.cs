using static TorchSharp.torch;

namespace SpoActors.Trainer.Randomness;

/// <summary>
/// Everything random in a run, asked for by identity and purpose, so that an item that is executed again, elsewhere,
/// draws the same numbers. All tensors are float32 on the CPU; the caller moves them.
/// </summary>
/// <remarks>Shape letters: K candidates, B prompts of the item, C channels, H and W latent rows and columns.</remarks>
public interface IRandomSource
{
    /// <summary>x_T ~ N(0, I), shape [B, C, H, W], before the scheduler's init_noise_sigma.</summary>
    Tensor InitialLatents(ItemDraw item, long channels, long height, long width);

    /// <summary>x_T of <paramref name="copies"/> chains of each prompt that begin apart, shape [copies * B, C, H, W], path-major.</summary>
    Tensor ChainLatents(ItemDraw item, int copies, long channels, long height, long width);

    /// <summary>Noise of one DDIM step of <paramref name="copies"/> paths a prompt, shape [copies * B, C, H, W], path-major.</summary>
    Tensor StepNoise(ItemDraw item, int step, int copies, long channels, long height, long width);

    /// <summary>Noise of a candidate pool, shape [K, B, C, H, W].</summary>
    Tensor CandidateNoise(ItemDraw item, int step, int candidates, long channels, long height, long width);

    /// <summary>Index in 0..K-1 of the candidate each prompt goes on from, B values.</summary>
    long[] Pick(ItemDraw item, int step, int candidates);

    /// <summary>For the two-random-candidates ablation: two distinct candidates for each prompt (win and lose are decided by score).</summary>
    (long First, long Second)[] TwoCandidates(ItemDraw item, int step, int candidates);

    /// <summary>The noise of one candidate of a pool once more, shape [C, H, W]: what <see cref="CandidateNoise"/> drew for it.</summary>
    Tensor NoiseOfCandidate(int round, int promptIndex, int step, int candidate, long channels, long height, long width);

    /// <summary>Noise that a pair of images is trained on in one pass over the round, shape [C, H, W].</summary>
    Tensor TrainingNoise(int round, int promptIndex, int epoch, long channels, long height, long width);

    /// <summary>Timestep that a pair of images is noised to in one pass over the round, 0..count-1.</summary>
    int TrainingTimestep(int round, int promptIndex, int epoch, int count);

    /// <summary>A permutation of 0..count-1: the order in which a round's pairs are trained on.</summary>
    long[] Shuffle(int round, int epoch, int count);
}

/// <summary>Identity of an item and of what it draws.</summary>
/// <param name="Round">Round.</param>
/// <param name="Index">Index of the item in the round; it orders pairs and is no part of what is drawn.</param>
/// <param name="PromptIndices">Indices of the item's prompts in the round.</param>
public sealed record ItemDraw(int Round, int Index, IReadOnlyList<int> PromptIndices)
{
    /// <summary>B, the number of prompts sampled together.</summary>
    public int Count => PromptIndices.Count;

    /// <summary>Places of the prompts in the run's whole list; a data set's rows.</summary>
    public IReadOnlyList<int> Rows { get; init; } = [];
}
