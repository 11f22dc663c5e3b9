using System.Threading.Channels;
using SpoActors.Grains.Compute;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Specification;

namespace SpoActors.Grains.Channels;

/// <summary>
/// Every queue of the pipeline, in the order in which an item passes them. All but the first are bounded by pieces and by bytes
/// (<c>pipeline.channel_megabytes</c>), so a slow stage holds back those before it instead of filling memory.
/// <code>
/// device ──► Sampled ──► (network) ──► ToScoring ──► device ──► (network) ──► ToTraining ──► rounds
///    ▲          │
///    └─ credits ┘
/// </code>
/// </summary>
static class PipelineChannels
{
    /// <summary>
    /// Pools that a sampler's device has made and its session has not delivered. Unbounded, because the device's thread must not wait for the
    /// network: credits for a whole item are acquired before it begins.
    /// </summary>
    public static Channel<CandidatePoolMessage> Sampled() => Channel.CreateUnbounded<CandidatePoolMessage>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    /// <summary>Credits of the pools that a sampler may have undelivered: those of two items, so that one is delivered while the next is sampled.</summary>
    public static CreditBudget SampledCredits(ItemSize largest, PipelineSpecification pipeline) => new(2 * largest.Pools, Bytes(pipeline));

    /// <summary>Pools in front of a scorer.</summary>
    public static CreditChannel<CandidatePoolMessage> ToScoring(PipelineSpecification pipeline) => new(pipeline.PoolCapacity, Bytes(pipeline));

    /// <summary>Pairs in front of the trainer, which puts them together into items and rounds; how many rounds those may be, dispatch bounds.</summary>
    public static CreditChannel<ScoredPoolMessage> ToTraining(PipelineSpecification pipeline) => new(pipeline.PairCapacity, Bytes(pipeline));

    static long Bytes(PipelineSpecification pipeline) => pipeline.ChannelMegabytes * (1L << 20);
}
