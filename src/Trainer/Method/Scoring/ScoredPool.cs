using SpoActors.Trainer.Method.Selection;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method.Scoring;

/// <summary>What is said of a pool.</summary>
/// <param name="Scores">The judge's scores, float32 on the CPU, [K, B]; null where a person's verdict came with the pool.</param>
/// <param name="Selection">Win, lose and whether the pair is kept, for each of the B prompts.</param>
public sealed record ScoredPool(Tensor? Scores, PairSelection Selection) : IDisposable
{
    readonly float[] values = Scores?.data<float>().ToArray() ?? [];

    /// <summary>All scores, candidate by candidate.</summary>
    public IReadOnlyList<float> Values => values;

    /// <summary>The score of a candidate of a prompt; 0 where nobody scored.</summary>
    public float Of(int candidate, int prompt) => Scores is null ? 0 : values[candidate * Scores.shape[1] + prompt];

    public void Dispose() => Scores?.Dispose();
}
