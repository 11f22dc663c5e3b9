using SpoActors.Grains.Interfaces.Adapters;
using SpoActors.Grains.Interfaces.Identity;

namespace SpoActors.Grains.Interfaces.Sampling;

/// <summary>A sampler asks for an item. The answer comes when there is one, after a few seconds without, or at once when the sampler has said that it drains.</summary>
/// <param name="Worker">The sampler.</param>
/// <param name="ItemBytes">Bytes of the pairs of the largest item there can be, which the trainer will hold.</param>
[GenerateSerializer, Immutable, Alias("spo.LeaseRequest")]
public sealed record LeaseRequest([property: Id(0)] WorkerId Worker, [property: Id(1)] long ItemBytes);

/// <param name="Status">Whether the run still wants samplers.</param>
/// <param name="Lease">The item; null if there is none now.</param>
/// <param name="Reason">Why there is none.</param>
[GenerateSerializer, Immutable, Alias("spo.LeaseResponse")]
public sealed record LeaseResponse([property: Id(0)] RunStatus Status, [property: Id(1)] ItemLease? Lease, [property: Id(2)] string Reason);

/// <summary>An item to sample, whole, with one adapter.</summary>
/// <param name="Id">Item and epoch.</param>
/// <param name="Adapter">The adapter to sample with.</param>
/// <param name="PromptIndices">Indices of the item's prompts in the round.</param>
/// <param name="Prompts">The prompts, in that order.</param>
/// <param name="Rows">Their places in the run's whole list, or rows of its data set.</param>
/// <param name="Scorer">Where the pools go.</param>
/// <param name="Trainer">Where the pairs go, and the adapter comes from.</param>
/// <param name="TrainerEpoch">Epoch of that trainer.</param>
/// <param name="Duration">Time after which the lease expires unless it is renewed.</param>
/// <param name="TraceParent">The span of the lease (W3C trace context), which all that becomes of the item belongs to; null where nobody traces.</param>
/// <param name="IsProbe">The item has been done: the sampler shall only show that it can do it, and deliver nothing.</param>
[GenerateSerializer, Immutable, Alias("spo.ItemLease")]
public sealed record ItemLease(
    [property: Id(0)] LeaseId Id,
    [property: Id(1)] AdapterReference Adapter,
    [property: Id(2)] IReadOnlyList<int> PromptIndices,
    [property: Id(3)] IReadOnlyList<string> Prompts,
    [property: Id(4)] IReadOnlyList<int> Rows,
    [property: Id(5)] WorkerId Scorer,
    [property: Id(6)] WorkerId Trainer,
    [property: Id(7)] TrainerEpoch TrainerEpoch,
    [property: Id(8)] TimeSpan Duration,
    [property: Id(9)] bool IsProbe = false,
    [property: Id(10)] string? TraceParent = null);

/// <summary>Whose fault a failure is.</summary>
public enum FailureKind
{
    /// <summary>The item itself, or the worker: who fails with it, and who does not, tells which.</summary>
    Item,

    /// <summary>The device says that it is its own: out of memory, or an error of its driver. The item is simply tried again.</summary>
    Device,

    /// <summary>The network, or an adapter that cannot be fetched: the item is simply tried again.</summary>
    Infrastructure,
}

/// <summary>A sampler has done an item that had been done: it is well.</summary>
[GenerateSerializer, Immutable, Alias("spo.ItemProbed")]
public sealed record ItemProbed([property: Id(0)] LeaseId Lease, [property: Id(1)] WorkerId Worker);

/// <summary>A failed execution; an explicit result, never a score.</summary>
/// <param name="Lease">The execution.</param>
/// <param name="Worker">Who reports it.</param>
/// <param name="Kind">Whose fault it is.</param>
/// <param name="Error">What went wrong.</param>
/// <param name="Suspect">A worker that could not be reached: the reporter gets others, and if more than one says so, it is taken for gone until it is heard of again.</param>
[GenerateSerializer, Immutable, Alias("spo.ItemFailure")]
public sealed record ItemFailure(
    [property: Id(0)] LeaseId Lease, [property: Id(1)] WorkerId Worker, [property: Id(2)] FailureKind Kind, [property: Id(3)] string Error,
    [property: Id(4)] WorkerId? Suspect);
