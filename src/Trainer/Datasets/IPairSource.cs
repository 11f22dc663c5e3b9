namespace SpoActors.Trainer.Datasets;

/// <summary>Pairs to train on. The pairs of a step depend on its number alone, so a resumed training sees the same ones.</summary>
public interface IPairSource : IDisposable
{
    /// <summary>Pairs of one epoch; null for a source without end.</summary>
    int? Count { get; }

    /// <summary>The pairs of a step.</summary>
    /// <param name="step">0-based.</param>
    /// <param name="size">Pairs of a step; the same for all steps of a training.</param>
    /// <returns>Fewer where pairs could not be used; the source counts those.</returns>
    /// <exception cref="InvalidDataException">An image cannot be decoded; the message names file and row.</exception>
    IReadOnlyList<LabelledPair> Batch(int step, int size);
}
