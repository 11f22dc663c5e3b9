using System.Threading.Channels;
using SpoActors.Grains.Adapters;
using SpoActors.Grains.Channels;
using SpoActors.Grains.Compute;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Interfaces.Workers;
using SpoActors.Grains.Resilience;
using SpoActors.Grains.Telemetry;
using SpoActors.Grains.Workers;
using SpoActors.Specification;
using SpoActors.Trainer.Devices;

namespace SpoActors.Grains.Sampling;

/// <summary>
/// Samples items one after the other and streams their pools to the scorer that the lease names. Credits for a whole item are acquired
/// before it begins, so the device's thread never waits for the network.
/// </summary>
public sealed class SamplerSession(
    WorkerId id, string run, RunSpecification specification, JoinedRun joined, DeviceExecutor executor, WorkerServices services)
    : WorkerSession(id, run, specification, joined, executor, services)
{
    readonly AdapterClient adapters = new(services.Grains, services.Calls);
    readonly List<Task> delivering = [];
    ISamplerCompute? compute;
    CreditBudget? outbound;
    int? adapterVersion;
    string? adapterHash;

    protected override (int Depth, long Bytes) Queue => outbound?.Used ?? (0, 0);

    protected override int? AdapterVersion => adapterVersion;

    protected override async Task OpenAsync()
    {
        compute = await ComputeAsync(() => Services.Compute.CreateSampler(Specification, Id.Device, Joined.PromptsHash), Ended).ConfigureAwait(false);
        var (item, most) = (compute.LargestItem, Specification.Pipeline.ChannelMegabytes * (1L << 20));
        if (item.Bytes > most)
            throw new PipelineException(
                $"pipeline.channel_megabytes: found {Specification.Pipeline.ChannelMegabytes}; the largest item has {item.Bytes} bytes " +
                $"({item.Pools} pools of {item.PoolBytes}). Raise it to {(item.Bytes >> 20) + 1}, or lower sampling.batch_size or sampling.candidates.");
        outbound = PipelineChannels.SampledCredits(item, Specification.Pipeline);
    }

    protected override void Close() => compute?.Dispose();

    protected override async Task WorkAsync()
    {
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(Ended, Draining);
        while (!idle.IsCancellationRequested)
        {
            var lease = await NextAsync(idle.Token).ConfigureAwait(false);
            if (lease is not null) await ExecuteAsync(lease).ConfigureAwait(false);
            delivering.RemoveAll(d => d.IsCompleted);
        }
        // Draining: what was begun is finished.
        await Task.WhenAll(delivering).WaitAsync(Ended).ConfigureAwait(false);
    }

    async Task<ItemLease?> NextAsync(CancellationToken idle)
    {
        try
        {
            var asking = WaitForAsync("item", Services.Calls.OnceAsync(token => RunGrain.LeaseAsync(new LeaseRequest(Id, compute!.LargestItem.PairBytes), token), Ended));
            await ((Task)asking).WaitAsync(idle).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // The run answers a worker that says so at once: with nothing, or with an item that it has just given out and that is done first.
            if (!asking.IsCompleted) await TryAsync(BeatOnceAsync).ConfigureAwait(false);
            var response = await asking.ConfigureAwait(false);
            if (response.Status is RunStatus.Finished or RunStatus.Cancelled) await EndAsync().ConfigureAwait(false);
            return response.Lease;
        }
        catch (Exception e) when (Calls.IsTransient(e))
        {
            await Task.Delay(TimeSpan.FromSeconds(1), Services.Time, idle).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return null;
        }
    }

    async Task ExecuteAsync(ItemLease lease)
    {
        var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Ended);
        Hold(lease.Id, cancellation);
        var pools = PipelineChannels.Sampled();
        var item = compute!.LargestItem;
        var delivery = Task.CompletedTask;
        try
        {
            var content = await FetchAsync(lease, cancellation.Token).ConfigureAwait(false);
            if (content is null) return;
            await WaitForAsync("credits", outbound!.AcquireAsync(item.Pools, item.Bytes, cancellation.Token)).ConfigureAwait(false);
            delivery = lease.IsProbe ? DiscardAsync(pools.Reader, item) : DeliverAsync(lease, pools.Reader, item, cancellation);
            using var span = PipelineDiagnostics.Sampling(lease);
            await ComputeAsync(() => Sample(lease, content, pools.Writer, cancellation.Token), cancellation.Token).ConfigureAwait(false);
            if (lease.IsProbe) await TryAsync(() => Services.Calls.RetryAsync(token => RunGrain.ProbedAsync(new ItemProbed(lease.Id, Id), token), Ended)).ConfigureAwait(false);
            else CountDone(1);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The lease is lost or the run has ended: whoever cancelled knows.
        }
        catch (Exception e)
        {
            await cancellation.CancelAsync().ConfigureAwait(false);
            await FailAsync(lease.Id, FailureKind.Item, e).ConfigureAwait(false);
        }
        finally
        {
            pools.Writer.Complete();
            delivering.Add(FinishAsync(delivery, lease.Id, cancellation));
        }
    }

    async Task FinishAsync(Task delivery, LeaseId lease, CancellationTokenSource cancellation)
    {
        await delivery.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Drop(lease);
        cancellation.Dispose();
    }

    bool Sample(ItemLease lease, byte[] adapter, ChannelWriter<CandidatePoolMessage> pools, CancellationToken cancellation)
    {
        if (adapterHash != lease.Adapter.Hash)
        {
            compute!.UseAdapter(adapter);
            (adapterHash, adapterVersion) = (lease.Adapter.Hash, lease.Adapter.Version);
        }
        compute!.Sample(lease, pool => pools.TryWrite(pool), cancellation);
        return true;
    }

    /// <summary>The lease's adapter; null if it cannot be had: then the item goes back, and the worker takes none until it can.</summary>
    async Task<byte[]?> FetchAsync(ItemLease lease, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(lease.Duration);
        try
        {
            var content = await WaitForAsync("adapter", adapters.GetAsync(Run, lease.Adapter, lease.Trainer, limit.Token)).ConfigureAwait(false);
            Problem = null;
            return content;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            var reason = limit.IsCancellationRequested ? $"not within {lease.Duration.TotalSeconds} s" : ErrorText.Of(e);
            Problem = $"adapter version {lease.Adapter.Version} cannot be fetched from {lease.Trainer}: {reason}";
            await FailAsync(lease.Id, FailureKind.Infrastructure, new PipelineException(Problem, e)).ConfigureAwait(false);
            await Task.Delay(TimeSpan.FromSeconds(2), Services.Time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // It has waited; the next lease shows whether the adapter can be had now.
            Problem = null;
            return null;
        }
    }

    /// <summary>What a probe yields, nobody wants.</summary>
    async Task DiscardAsync(ChannelReader<CandidatePoolMessage> pools, ItemSize item)
    {
        await foreach (var _ in pools.ReadAllAsync().ConfigureAwait(false))
        {
        }
        outbound!.Release(item.Pools, item.Bytes);
    }

    async Task DeliverAsync(ItemLease lease, ChannelReader<CandidatePoolMessage> pools, ItemSize item, CancellationTokenSource cancellation)
    {
        var left = item.Pools;
        var scorer = Services.Grains.GetGrain<IScorerGrain>(lease.Scorer.GrainKey);
        try
        {
            await foreach (var pool in pools.ReadAllAsync(cancellation.Token).ConfigureAwait(false))
            {
                await DeliverAsync(scorer, pool, cancellation.Token).ConfigureAwait(false);
                Services.Instruments.OnSent(Id, pool.Bytes);
                outbound!.Release(1, item.PoolBytes);
                left--;
            }
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            await FailAsync(lease.Id, FailureKind.Infrastructure, e, lease.Scorer).ConfigureAwait(false);
            await cancellation.CancelAsync().ConfigureAwait(false);
        }
        finally
        {
            outbound!.Release(left, left * item.PoolBytes);
        }
    }

    async Task DeliverAsync(IScorerGrain scorer, CandidatePoolMessage pool, CancellationToken cancellation)
    {
        while (true)
        {
            var receipt = await WaitForAsync("scorer", Services.Calls.RetryAsync(token => scorer.DeliverAsync(pool, token), cancellation)).ConfigureAwait(false);
            if (receipt.Outcome == DeliveryOutcome.Accepted) return;
            if (receipt.Outcome == DeliveryOutcome.NotServing) throw new PipelineException($"{pool.Lease.Scorer} doesn't serve the run");
        }
    }
}
