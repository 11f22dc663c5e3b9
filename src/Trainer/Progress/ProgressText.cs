using System.Globalization;
using SpoActors.Trainer.Training;

namespace SpoActors.Trainer.Progress;

/// <summary>Events as lines of text.</summary>
public static class ProgressText
{
    /// <summary>A line for the log, or null for events that come too often to be logged.</summary>
    public static string? Describe(RunEvent runEvent) => runEvent switch
    {
        RunStarted started => string.Create(CultureInfo.InvariantCulture,
            $"run {started.Name}: {(started.FirstRound == 0 ? "starting" : $"going on at round {started.FirstRound + 1}")}, {started.Rounds} rounds, {started.Prompts} prompts, folder {started.Folder}"),
        RoundFinished finished => Describe(finished.Metrics),
        CheckpointWritten written => $"checkpoint {written.Folder}, adapter {written.AdapterHash[..12]}",
        RunMessage message => message.Level == MessageLevel.Information ? message.Text : $"{(message.Level == MessageLevel.Warning ? "warning" : "error")}: {message.Text}",
        RunFinished finished => $"finished after {finished.Rounds} rounds, adapter {finished.AdapterHash[..12]}, consumed {finished.ConsumedDigest[..12]}",
        _ => null,
    };

    /// <summary>A round's figures in one line.</summary>
    public static string Describe(RoundMetrics metrics) => string.Create(CultureInfo.InvariantCulture,
        $"round {metrics.Round + 1}: {metrics.Pairs} pairs ({metrics.ValidPairShare:P0} valid), loss {Number(metrics.Loss)}, margin {Number(metrics.Margin)}, accuracy {Number(metrics.Accuracy)}, score {metrics.ScoreMean:G5}, {metrics.SampleSeconds:F1} s sampling, {metrics.ScoreSeconds:F1} s scoring, {metrics.TrainSeconds:F1} s training");

    static string Number(double? value) => value?.ToString("G4", CultureInfo.InvariantCulture) ?? "-";
}
