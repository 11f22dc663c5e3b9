using Spectre.Console.Rendering;
using SpoActors.Client.Console;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Progress;

namespace SpoActors.Client.Runs;

/// <summary>Progress on a terminal: redraws the run's picture as events come, a few times a second at most.</summary>
sealed class LiveProgress(Action<IRenderable> redraw, TimeProvider time) : IRunProgress
{
    readonly RunSnapshot snapshot = new(time);
    readonly Pace pace = new(time, TimeSpan.FromMilliseconds(100));

    public void Report(RunEvent runEvent)
    {
        snapshot.Update(runEvent);
        var isFrequent = runEvent is StageProgress or MinibatchFinished or RoundStarted or RoundFinished;
        if (isFrequent && !pace.IsDue) return;
        pace.Mark();
        redraw(RunView.Draw(snapshot));
    }
}
