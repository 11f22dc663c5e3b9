namespace SpoActors.Trainer.Progress;

/// <summary>Ready-made progress consumers.</summary>
public static class RunProgress
{
    /// <summary>Hears everything, says nothing.</summary>
    public static IRunProgress None { get; } = new Many([]);

    /// <summary>Passes every event to all consumers, in the order given.</summary>
    public static IRunProgress To(params IRunProgress[] consumers) => new Many(consumers);

    sealed class Many(IRunProgress[] consumers) : IRunProgress
    {
        public void Report(RunEvent runEvent)
        {
            foreach (var consumer in consumers) consumer.Report(runEvent);
        }
    }
}
