using System.Threading.Channels;

namespace SpoActors.Trainer.Devices;

/// <summary>
/// The one thread that owns a device. Work is done in the order in which it was posted, one piece at a time, synchronously: tensors and
/// dispose scopes stay on this thread.
/// </summary>
public sealed class DeviceExecutor : IAsyncDisposable
{
    readonly Channel<Action> work;
    readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly string device;

    /// <param name="device">Name, for the thread and for errors.</param>
    /// <param name="capacity">Pieces of work that may wait; posting waits when there are more.</param>
    public DeviceExecutor(string device, int capacity = 64)
    {
        this.device = device;
        work = Channel.CreateBounded<Action>(new BoundedChannelOptions(capacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });
        new Thread(Loop) { Name = $"device {device}", IsBackground = true }.Start();
    }

    /// <summary>Runs a piece of work on the device's thread.</summary>
    /// <param name="piece">The work; returns no tensor.</param>
    /// <param name="cancellation">Work that hasn't begun is dropped; work that has must watch its own token.</param>
    /// <exception cref="ObjectDisposedException">The executor has ended.</exception>
    public async Task<T> RunAsync<T>(Func<T> piece, CancellationToken cancellation = default)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Piece()
        {
            if (cancellation.IsCancellationRequested)
            {
                done.TrySetCanceled(cancellation);
                return;
            }
            try
            {
                done.TrySetResult(piece());
            }
            catch (OperationCanceledException e)
            {
                done.TrySetCanceled(e.CancellationToken);
            }
            catch (Exception e)
            {
                done.TrySetException(e);
            }
        }
        try
        {
            await work.Writer.WriteAsync(Piece, cancellation).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            throw new ObjectDisposedException($"device {device}");
        }
        return await done.Task.ConfigureAwait(false);
    }

    /// <inheritdoc cref="RunAsync{T}"/>
    public Task RunAsync(Action piece, CancellationToken cancellation = default) =>
        RunAsync(() =>
        {
            piece();
            return true;
        }, cancellation);

    /// <summary>Finishes what was posted and ends the thread.</summary>
    public async ValueTask DisposeAsync()
    {
        work.Writer.TryComplete();
        await ended.Task.ConfigureAwait(false);
    }

    void Loop()
    {
        // A dedicated thread may block; GPU loops on the thread pool would starve the cluster's own work.
        while (work.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            while (work.Reader.TryRead(out var piece)) piece();
        ended.SetResult();
    }
}
