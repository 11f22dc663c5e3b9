namespace SpoActors.ShapesWorld.Training;

/// <summary>How far a stage of the chain has come.</summary>
/// <param name="Stage">Its name.</param>
/// <param name="Step">Steps done.</param>
/// <param name="Steps">Steps in all.</param>
/// <param name="Loss">Mean loss since the last report.</param>
/// <param name="Left">Time to go at the present speed.</param>
public sealed record ChainProgress(string Stage, int Step, int Steps, double Loss, TimeSpan Left);

/// <summary>Makes a report of every so many steps of one stage, counted from when it was begun or resumed.</summary>
/// <param name="stage">Its name.</param>
/// <param name="steps">Steps in all.</param>
/// <param name="every">Steps of a report.</param>
/// <param name="time">For the time to go.</param>
/// <param name="report">Told of each.</param>
sealed class StageReports(string stage, int steps, int every, TimeProvider time, Action<ChainProgress> report)
{
    readonly long started = time.GetTimestamp();
    double lossSum;
    int done, reported;

    /// <summary>Since the stage was begun or resumed.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(started);

    /// <summary>A step, counted from 0, is done.</summary>
    public void Finished(int step, double loss)
    {
        lossSum += loss;
        done++;
        if ((step + 1) % every != 0 && step + 1 != steps) return;
        report(new ChainProgress(stage, step + 1, steps, lossSum / (done - reported), Elapsed / done * (steps - step - 1)));
        (lossSum, reported) = (0, done);
    }
}
