using Spectre.Console.Rendering;
using SpoActors.Trainer.Progress;

namespace SpoActors.Client.Runs;

/// <summary>Progress on a terminal: redraws the run's picture as events come, a few times a second at most.</summary>
sealed class LiveProgress(Action<IRenderable> redraw, TimeProvider time) : IRunProgress
{
    static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    readonly RunSnapshot snapshot = new(time);
    long? last;

    public void Report(RunEvent runEvent)
    {
        snapshot.Update(runEvent);
        var isFrequent = runEvent is StageProgress or MinibatchFinished or RoundStarted or RoundFinished;
        if (isFrequent && last is { } before && time.GetElapsedTime(before) < Interval) return;
        last = time.GetTimestamp();
        redraw(RunView.Draw(snapshot));
    }
}
