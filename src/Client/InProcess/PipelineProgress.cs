using SpoActors.Trainer.Method;
using SpoActors.Trainer.Progress;

namespace SpoActors.Client.InProcess;

/// <summary>
/// Makes what devices report, side by side, what the view of a run expects: one event at a time, rounds that begin, and totals, which
/// only the schedule knows.
/// </summary>
sealed class PipelineProgress(PromptSchedule schedule, IRunProgress shown) : IRunProgress
{
    readonly Lock gate = new();
    int round = -1, items;

    public void Report(RunEvent runEvent)
    {
        lock (gate)
        {
            if (runEvent is StageProgress { Stage: RunStage.Sample } sampling && sampling.Round > round) Begin(sampling.Round);
            // Samplers and scorers know the units of one item.
            shown.Report(runEvent is StageProgress { Stage: RunStage.Sample or RunStage.Score } stage && stage.Round == round
                ? stage with { Total = stage.Total * items }
                : runEvent);
        }
    }

    void Begin(int next)
    {
        (round, items) = (next, schedule.ItemCount(next));
        shown.Report(new RoundStarted(next, schedule.Round(next).Count));
    }
}
