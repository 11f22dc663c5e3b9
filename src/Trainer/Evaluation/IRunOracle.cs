namespace SpoActors.Trainer.Evaluation;

/// <summary>A judge that training never sees. It measures the model of a run as it was, while the run trains, and as it has become.</summary>
public interface IRunOracle : IDisposable
{
    /// <summary>Begins to measure the untrained model, on threads of its own.</summary>
    void MeasureBefore(CancellationToken cancellation);

    /// <summary>Measures the model with the trained adapter, from the same seeds, and compares.</summary>
    /// <param name="adapter">The LoRA file.</param>
    /// <param name="cancellation">Ends the measuring.</param>
    OracleFigures Compare(string adapter, CancellationToken cancellation);
}

/// <summary>What an oracle found.</summary>
/// <param name="Prompts">Held-out prompts, an image each.</param>
/// <param name="Metrics">The most important first.</param>
public sealed record OracleFigures(int Prompts, IReadOnlyList<OracleMetric> Metrics);

/// <summary>A metric before and after, means over images with their 95 % intervals; the change is paired, image by image.</summary>
public sealed record OracleMetric(string Metric, int Images, bool IsBetterHigher, OracleInterval Before, OracleInterval After, OracleInterval Change);

/// <summary>A mean and its 95 % interval.</summary>
public sealed record OracleInterval(double Mean, double Low, double High);
