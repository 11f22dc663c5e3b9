using System.Globalization;
using SpoActors.Client.Console;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Runs;

namespace SpoActors.Client.Runs;

/// <summary>Progress where nobody watches a terminal: a line every few seconds, and whatever is worth a line at once.</summary>
sealed class PlainProgress(IConsoleOutput output, TimeProvider time) : IRunProgress
{
    static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    readonly RunSnapshot snapshot = new(time);
    readonly Pace lines = new(time, Interval), rounds = new(time, Interval);

    public void Report(RunEvent runEvent)
    {
        snapshot.Update(runEvent);
        if (runEvent is RunMessage { Level: not MessageLevel.Information } message) output.Warn(message.Text);
        else if (runEvent is RunStarted or RunMessage or RunFinished) output.Say(ProgressText.Describe(runEvent)!);
        else if (runEvent is RoundFinished finished && (IsLast(finished.Metrics.Round) || rounds.IsDue))
        {
            Write(RoundLine(finished.Metrics));
            rounds.Mark();
        }
        else if (runEvent is StageProgress stage && lines.IsDue) Write(StageLine(stage));
    }

    bool IsLast(int round) => snapshot.Run is { } run && round == run.Rounds - 1;

    void Write(string line)
    {
        lines.Mark();
        output.Say(line);
    }

    string RoundLine(RoundMetrics metrics) => string.Create(CultureInfo.InvariantCulture,
        $"{ProgressText.Describe(metrics)}; {snapshot.PairsPerSecond:F1} pairs/s{(snapshot.Remaining is { } left && left > TimeSpan.Zero ? $", {RunView.Clock(left)} left" : "")}");

    string StageLine(StageProgress stage) => string.Create(CultureInfo.InvariantCulture,
        $"round {stage.Round + 1}/{snapshot.Run?.Rounds}: {stage.Stage.ToString().ToLowerInvariant()} {stage.Done}/{stage.Total}");
}
