using SpoActors.Client.Console;
using SpoActors.Client.Evaluation;
using SpoActors.Trainer.Evaluation;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Objectives;
using SpoActors.Trainer.Runs;

namespace SpoActors.Client.Runs;

/// <summary>What a finished run hands over.</summary>
/// <param name="Folder">The run's folder.</param>
/// <param name="Adapter">The LoRA file.</param>
/// <param name="AdapterHash">Its SHA-256.</param>
/// <param name="ConsumedDigest">Hash chain over the pairs trained on.</param>
/// <param name="Pairs">Pairs trained on.</param>
/// <param name="Rounds">Rounds done.</param>
/// <param name="First">Metrics of the first round.</param>
/// <param name="Last">Metrics of the last round.</param>
/// <param name="Oracle">What the oracle found; null without one.</param>
/// <param name="Report">The page that holds everything.</param>
sealed record RunSummary(
    string Folder, string Adapter, string AdapterHash, string ConsumedDigest, long Pairs, int Rounds, RoundMetrics? First, RoundMetrics? Last,
    OracleFigures? Oracle, string Report)
{
    public static RunSummary Of(RunFolder folder, RunManifest manifest, OracleFigures? oracle)
    {
        var metrics = File.Exists(folder.MetricsFile) ? MetricsFile.Read(folder.MetricsFile) : [];
        return new RunSummary(folder.Path, folder.AdapterFile, manifest.AdapterHash, manifest.ConsumedDigest, manifest.ConsumedPairs, manifest.NextRound,
            metrics.Count > 0 ? metrics[0] : null, metrics.Count > 0 ? metrics[^1] : null, oracle, folder.ReportFile);
    }

    public static IEnumerable<OutputTable> Tables(RunSummary summary) =>
        summary.Oracle is { } figures ? TrainingTables(summary).Append(OracleTable.Of(figures)) : TrainingTables(summary);

    /// <summary>The tables of every run.</summary>
    public static IEnumerable<OutputTable> TrainingTables(RunSummary summary)
    {
        yield return ResultOutput.Properties("Run",
            ("folder", summary.Folder), ("adapter", summary.Adapter), ("adapter sha-256", summary.AdapterHash),
            ("consumed digest", summary.ConsumedDigest), ("rounds", summary.Rounds), ("pairs", summary.Pairs), ("report", summary.Report));
        if (summary is { First: { } first, Last: { } last })
            yield return new OutputTable("Rounds", ["", "first", "last"],
            [
                Row("loss", m => m.Loss), Row("margin", m => m.Of(ObjectiveMetrics.Margin)), Row("accuracy", m => m.Of(ObjectiveMetrics.Accuracy)),
                Row("score", m => m.ScoreMean), Row("valid pairs", m => m.ValidPairShare), Row("gradient norm", m => m.GradientNorm),
            ]);

        IReadOnlyList<string> Row(string name, Func<RoundMetrics, double?> value) =>
            [name, ResultOutput.Text(value(summary.First!)), ResultOutput.Text(value(summary.Last!))];
    }
}
