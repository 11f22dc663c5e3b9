namespace SpoActors.Grains.Channels;

/// <summary>Bounds a queue by count and by bytes: whoever puts something in acquires credits first, first come, first served.</summary>
public sealed class CreditBudget
{
    readonly Lock gate = new();
    readonly LinkedList<Waiter> waiting = new();
    readonly int maxCount;
    readonly long maxBytes;
    int count;
    long bytes;

    /// <param name="maxCount">Most pieces.</param>
    /// <param name="maxBytes">Most bytes.</param>
    public CreditBudget(int maxCount, long maxBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBytes, 1);
        (this.maxCount, this.maxBytes) = (maxCount, maxBytes);
    }

    /// <summary>Pieces and bytes in use.</summary>
    public (int Count, long Bytes) Used
    {
        get
        {
            lock (gate) return (count, bytes);
        }
    }

    /// <summary>Waits until the credits are there.</summary>
    /// <exception cref="ArgumentException">They never will be: the piece is larger than the whole budget.</exception>
    public async Task AcquireAsync(int pieces, long size, CancellationToken cancellation)
    {
        if (pieces > maxCount || size > maxBytes)
            throw new ArgumentException($"{pieces} pieces of {size} bytes do not fit a channel of {maxCount} pieces and {maxBytes} bytes; raise pipeline.channel_megabytes");
        Waiter waiter;
        lock (gate)
        {
            if (waiting.Count == 0 && Fits(pieces, size))
            {
                Take(pieces, size);
                return;
            }
            waiter = new Waiter(pieces, size);
            waiting.AddLast(waiter);
        }
        using var registration = cancellation.UnsafeRegister(_ => Withdraw(waiter, cancellation), null);
        await waiter.Granted.Task.ConfigureAwait(false);
    }

    /// <summary>Gives credits back.</summary>
    public void Release(int pieces, long size)
    {
        lock (gate)
        {
            (count, bytes) = (count - pieces, bytes - size);
            GrantWaiting();
        }
    }

    void Withdraw(Waiter waiter, CancellationToken cancellation)
    {
        lock (gate)
        {
            // Granted in the meantime: then the caller has it.
            if (!waiting.Remove(waiter)) return;
            GrantWaiting();
        }
        waiter.Granted.TrySetCanceled(cancellation);
    }

    void GrantWaiting()
    {
        while (waiting.First is { } first && Fits(first.Value.Pieces, first.Value.Size))
        {
            Take(first.Value.Pieces, first.Value.Size);
            waiting.RemoveFirst();
            first.Value.Granted.SetResult();
        }
    }

    bool Fits(int pieces, long size) => count + pieces <= maxCount && bytes + size <= maxBytes;

    void Take(int pieces, long size) => (count, bytes) = (count + pieces, bytes + size);

    sealed class Waiter(int pieces, long size)
    {
        public int Pieces { get; } = pieces;
        public long Size { get; } = size;
        public TaskCompletionSource Granted { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
