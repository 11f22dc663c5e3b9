namespace SpoActors.Trainer.Progress;

/// <summary>Ready-made progress consumers.</summary>
public static class RunProgress
{
    /// <summary>Hears everything, says nothing.</summary>
    public static IRunProgress None { get; } = new Many([]);

    /// <summary>Passes every event to all consumers, in the order given.</summary>
    public static IRunProgress To(params IRunProgress[] consumers) => new Many(consumers);

    /// <summary>Passes events on one at a time, whichever threads they come from.</summary>
    public static IRunProgress Synchronized(IRunProgress consumer) => new OneAtATime(consumer);

    sealed class OneAtATime(IRunProgress consumer) : IRunProgress
    {
        readonly Lock gate = new();

        public void Report(RunEvent runEvent)
        {
            lock (gate) consumer.Report(runEvent);
        }
    }

    sealed class Many(IRunProgress[] consumers) : IRunProgress
    {
        public void Report(RunEvent runEvent)
        {
            foreach (var consumer in consumers) consumer.Report(runEvent);
        }
    }
}
