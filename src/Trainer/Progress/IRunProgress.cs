namespace SpoActors.Trainer.Progress;

/// <summary>
/// Told what a run does, by the sequential loop or by the pipeline; terminals, the metrics file and the log are consumers. Called on
/// the thread that does the work, one call at a time: return quickly.
/// </summary>
public interface IRunProgress
{
    void Report(RunEvent runEvent);
}
