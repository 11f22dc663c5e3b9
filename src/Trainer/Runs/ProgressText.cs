using System.Globalization;
using SpoActors.Trainer.Judges.Training;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Objectives;
using SpoActors.Trainer.Progress;

namespace SpoActors.Trainer.Runs;

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
        JudgeTrainingStarted started => string.Create(CultureInfo.InvariantCulture,
            $"training {started.Name}: {(started.FirstStep == 0 ? "starting" : $"going on at step {started.FirstStep + 1}")}, {started.Steps} steps, {(started.Pairs is { } pairs ? $"{pairs} pairs, " : "")}{started.ValidationPairs} for validation, folder {started.Folder}"),
        JudgeValidated validated => Describe(validated.Accuracies),
        JudgeCheckpointWritten written => $"checkpoint {written.Folder}, state {written.StateHash[..12]}",
        JudgeTrainingFinished finished => $"finished after {finished.Steps} steps, model {finished.Folder}, weights {finished.ModelHash[..12]}",
        _ => null,
    };

    /// <summary>A validation in one line.</summary>
    public static string Describe(IReadOnlyList<TimestepAccuracy> accuracies) => string.Create(CultureInfo.InvariantCulture,
        $"validation after {accuracies[0].Step} steps, {accuracies.Max(a => a.Pairs)} pairs: accuracy ") +
        string.Join(", ", accuracies.Select(a => string.Create(CultureInfo.InvariantCulture, $"{a.Accuracy:0.000} at t = {a.Timestep}")));

    /// <summary>A step of a preference training in one line.</summary>
    public static string Describe(JudgeStepMetrics metrics) => string.Create(CultureInfo.InvariantCulture,
        $"step {metrics.Step + 1}: loss {metrics.Loss:G4}, accuracy {Number(metrics.Accuracy)}, learning rate {metrics.LearningRate:G3}, gradient norm {metrics.GradientNorm:G4}, {metrics.PrepareSeconds:F1} s preparing, {metrics.TrainSeconds:F1} s training");

    /// <summary>A round's figures in one line.</summary>
    public static string Describe(RoundMetrics metrics) => string.Create(CultureInfo.InvariantCulture,
        $"round {metrics.Round + 1}: {metrics.Pairs} pairs ({metrics.ValidPairShare:P0} valid), loss {Number(metrics.Loss)}{Named(metrics, ObjectiveMetrics.Margin)}{Named(metrics, ObjectiveMetrics.Accuracy)}{Named(metrics, ObjectiveMetrics.Kl)}, score {metrics.ScoreMean:G5}, {metrics.SampleSeconds:F1} s sampling, {metrics.ScoreSeconds:F1} s scoring, {metrics.TrainSeconds:F1} s training");

    static string Named(RoundMetrics metrics, string name) => metrics.Of(name) is { } value ? $", {name} {Number(value)}" : "";

    static string Number(double? value) => value?.ToString("G4", CultureInfo.InvariantCulture) ?? "-";
}
