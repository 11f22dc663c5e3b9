using SpoActors.Grains.Interfaces.Workers;

namespace SpoActors.Grains.Workers;

/// <summary>Measures how busy a worker is.</summary>
public sealed class BusyMeter(TimeProvider time)
{
    readonly Lock gate = new();
    TimeSpan busy;
    long done, reportedDone, workSince, reportedAt = time.GetTimestamp();
    bool isWorking;

    /// <summary>Times a piece of work; called on the device's thread.</summary>
    public T Measure<T>(Func<T> work, Action<TimeSpan> report)
    {
        lock (gate) (isWorking, workSince) = (true, time.GetTimestamp());
        var started = time.GetTimestamp();
        try
        {
            return work();
        }
        finally
        {
            lock (gate)
            {
                busy += time.GetElapsedTime(workSince);
                isWorking = false;
            }
            report(time.GetElapsedTime(started));
        }
    }

    public void Done(long count) => Interlocked.Add(ref done, count);

    /// <summary>Load since the last call.</summary>
    public WorkerLoad Read(int queueDepth, long queueBytes)
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            var elapsed = Math.Max(time.GetElapsedTime(reportedAt, now).TotalSeconds, 1e-9);
            if (isWorking)
            {
                busy += time.GetElapsedTime(workSince, now);
                workSince = now;
            }
            var total = Interlocked.Read(ref done);
            var load = new WorkerLoad(Math.Clamp(busy.TotalSeconds / elapsed, 0, 1), queueDepth, queueBytes, total, (total - reportedDone) / elapsed);
            (busy, reportedDone, reportedAt) = (TimeSpan.Zero, total, now);
            return load;
        }
    }
}
