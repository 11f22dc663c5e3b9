using System.Threading.Channels;

namespace SpoActors.Grains.Channels;

/// <summary>A channel bounded by count and by bytes. Credits come back when a piece has been worked on, not when it is taken out.</summary>
public sealed class CreditChannel<T>(int capacity, long maxBytes)
{
    readonly Channel<(T Piece, long Bytes)> channel =
        Channel.CreateBounded<(T, long)>(new BoundedChannelOptions(capacity) { FullMode = BoundedChannelFullMode.Wait });

    readonly CreditBudget budget = new(capacity, maxBytes);

    /// <summary>Pieces and bytes that are in it or being worked on.</summary>
    public (int Count, long Bytes) Used => budget.Used;

    /// <summary>Waits for room, then puts a piece in.</summary>
    public async Task WriteAsync(T piece, long bytes, CancellationToken cancellation)
    {
        await budget.AcquireAsync(1, bytes, cancellation).ConfigureAwait(false);
        // Never waits: whoever has a credit has a place. Must not be cancelled, or the credit would be lost.
        await channel.Writer.WriteAsync((piece, bytes), CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Works on the pieces, one by one, until the token is cancelled.</summary>
    public async Task ConsumeAsync(Func<T, Task> work, CancellationToken cancellation)
    {
        await foreach (var (piece, bytes) in channel.Reader.ReadAllAsync(cancellation).ConfigureAwait(false))
        {
            try
            {
                await work(piece).ConfigureAwait(false);
            }
            finally
            {
                budget.Release(1, bytes);
            }
        }
    }
}
