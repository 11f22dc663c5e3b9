using SpoActors.Trainer.Datasets;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges.Training;

/// <summary>Accuracy by timestep on pairs that are not trained on, always the same ones with the same noise.</summary>
/// <param name="pairs">The validation pairs, in a fixed random order.</param>
/// <param name="count">How many of them.</param>
/// <param name="timesteps">At which timesteps.</param>
/// <param name="countTies">
/// Whether a tie counts as half agreed, as in the original; else it is left out. Verdicts of a model that are ties are left out always.
/// </param>
public sealed class JudgeValidation(ParquetPairs pairs, int count, IReadOnlyList<int> timesteps, bool countTies)
{
    /// <summary>Pairs at most; those that are ties or cannot be decoded may not count.</summary>
    public int Pairs => count;

    /// <summary>Validates the model as it is now.</summary>
    /// <param name="step">Optimizer steps done.</param>
    /// <param name="trainer">Scores the pairs.</param>
    /// <param name="preparation">Distorts the images.</param>
    /// <param name="labelling">Labels them.</param>
    /// <param name="batchSize">Pairs at a time.</param>
    /// <param name="progress">Told the pairs done and those to do, over all timesteps.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public IReadOnlyList<TimestepAccuracy> Run(int step, PreferenceTrainer trainer, PairPreparation preparation, PairLabelling labelling, int batchSize,
        Action<long, long> progress, CancellationToken cancellation)
    {
        var (agreed, counted) = (new double[timesteps.Count], new int[timesteps.Count]);
        for (var at = 0; at < count; at += batchSize)
        {
            using var scope = NewDisposeScope();
            using var noGradient = no_grad();
            var part = pairs.Take(at, Math.Min(batchSize, count - at));
            if (part.Count == 0) continue;
            var labels = labelling.Of(part);
            for (var i = 0; i < timesteps.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                var batch = preparation.ForValidation(timesteps[i], at, part, labels);
                var counts_B = countTies ? ones_like(batch.Labels.First_B) : batch.Labels.Decided();
                agreed[i] += (batch.Labels.Accuracy(trainer.Score(batch).softmax(-1)) * counts_B).sum().item<float>();
                counted[i] += (int)counts_B.sum().item<float>();
                progress((long)at * timesteps.Count + (long)(i + 1) * part.Count, (long)count * timesteps.Count);
            }
        }
        return [.. timesteps.Select((t, i) => new TimestepAccuracy(step, t, counted[i], counted[i] == 0 ? double.NaN : agreed[i] / counted[i]))];
    }
}
