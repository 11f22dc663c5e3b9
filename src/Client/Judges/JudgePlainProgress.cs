using System.Globalization;
using SpoActors.Client.Console;
using SpoActors.Client.Runs;
using SpoActors.Trainer.Judges.Training;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Runs;

namespace SpoActors.Client.Judges;

/// <summary>Progress of a preference training where nobody watches a terminal: a line every few seconds, and whatever is worth one at once.</summary>
sealed class JudgePlainProgress(IConsoleOutput output, TimeProvider time) : IRunProgress
{
    readonly JudgeSnapshot snapshot = new(time);
    readonly Pace pace = new(time, TimeSpan.FromSeconds(5));

    public void Report(RunEvent runEvent)
    {
        snapshot.Update(runEvent);
        if (runEvent is RunMessage { Level: not MessageLevel.Information } message) output.Warn(message.Text);
        else if (runEvent is JudgeTrainingStarted or JudgeValidated or JudgeTrainingFinished or RunMessage) output.Say(ProgressText.Describe(runEvent)!);
        else if (runEvent is JudgeStepFinished { Metrics: var metrics } && (metrics.Step + 1 == snapshot.Training?.Steps || pace.IsDue))
            Write($"{ProgressText.Describe(metrics)}{(snapshot.Remaining is { } left && left > TimeSpan.Zero ? $"; {RunView.Clock(left)} left" : "")}");
        else if (runEvent is JudgeValidationProgress validating && pace.IsDue)
            Write(string.Create(CultureInfo.InvariantCulture, $"validating: {validating.Done}/{validating.Total}"));
    }

    void Write(string line)
    {
        pace.Mark();
        output.Say(line);
    }
}
