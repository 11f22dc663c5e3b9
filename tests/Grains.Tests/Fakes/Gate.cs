namespace SpoActors.Grains.Tests.Fakes;

/// <summary>Holds threads up until it is opened; at the latest when the test ends, however it does. Declared after the cluster, which waits for its threads.</summary>
public sealed class Gate : IDisposable
{
    readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Waits on a device's thread.</summary>
    public void Pass(CancellationToken cancellation) => opened.Task.Wait(cancellation);

    /// <summary>Waits in place of an answer.</summary>
    public Task Opened => opened.Task;

    public void Open() => opened.TrySetResult();

    public void Dispose() => Open();
}
