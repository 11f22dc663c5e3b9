using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Specification;

namespace SpoActors.Grains.Compute;

/// <summary>
/// Makes the computing part of each role. Everything here is synchronous and called on the device's own thread alone; payloads go in and
/// out, tensors never do.
/// </summary>
public interface IComputeFactory
{
    /// <exception cref="Exception">The device or a model is not there: the worker takes no work and says why.</exception>
    /// <param name="run">The run.</param>
    /// <param name="device">The device.</param>
    /// <param name="promptsHash">Hash of what the run is trained on; own pairs, which a sampler reads by itself, must have it.</param>
    ISamplerCompute CreateSampler(RunSpecification run, string device, string promptsHash);

    /// <inheritdoc cref="CreateSampler"/>
    IScorerCompute CreateScorer(RunSpecification run, string device);

    /// <inheritdoc cref="CreateSampler"/>
    /// <param name="facts">What a trainer needs beyond the specification.</param>
    ITrainerCompute CreateTrainer(RunSpecification run, string device, RunFacts facts);

    /// <summary>The last commit in a run's folder; null where there is none.</summary>
    /// <exception cref="Exception">It cannot be read.</exception>
    FolderCommit? LastCommit(RunSpecification run, string folder) => null;
}

/// <summary>What follows from a run's prompts, which stay with the run, and from the silo's settings.</summary>
/// <param name="Folder">The run's folder; the trainer goes on from its last commit.</param>
/// <param name="RoundCount">Rounds of the run.</param>
/// <param name="PromptCount">Prompts in its list.</param>
/// <param name="PromptsHash">Hash of the list.</param>
/// <param name="EvaluationPrompts">What the before/after samples are drawn of.</param>
public sealed record RunFacts(string Folder, int RoundCount, int PromptCount, string PromptsHash, IReadOnlyList<string> EvaluationPrompts)
{
    /// <summary>Cancelled when the run is over for the trainer.</summary>
    public CancellationToken Ended { get; init; }
}

/// <summary>First stage: samples candidate pools.</summary>
public interface ISamplerCompute : IDisposable
{
    /// <summary>The largest item there can be.</summary>
    ItemSize LargestItem { get; }

    /// <summary>Takes over another adapter, between items.</summary>
    void UseAdapter(byte[] adapter);

    /// <summary>Samples an item and delivers its pools in order, each as soon as it is there.</summary>
    void Sample(ItemLease lease, Action<CandidatePoolMessage> deliver, CancellationToken cancellation);
}

/// <summary>What an item yields.</summary>
/// <param name="Pools">Pools.</param>
/// <param name="PoolBytes">Bytes of the largest pool.</param>
/// <param name="PairBytes">Bytes of all its pairs.</param>
public sealed record ItemSize(int Pools, long PoolBytes, long PairBytes)
{
    /// <summary>Of all its pools.</summary>
    public long Bytes => Pools * PoolBytes;
}

/// <summary>Second stage: decodes and scores a pool and cuts out its pairs.</summary>
public interface IScorerCompute : IDisposable
{
    ScoredPoolMessage Score(CandidatePoolMessage pool);
}

/// <summary>Third stage: trains the adapter and commits.</summary>
public interface ITrainerCompute : IDisposable
{
    /// <summary>The round after the last one trained on.</summary>
    int NextRound { get; }

    /// <summary>What has been consumed.</summary>
    ConsumedTotals Totals { get; }

    /// <summary>Trains on a round.</summary>
    /// <param name="round">Round.</param>
    /// <param name="prompts">All prompts of the round.</param>
    /// <param name="pools">All scored pools, in the order of items and segments.</param>
    /// <returns>The metrics of the round.</returns>
    string TrainRound(int round, IReadOnlyList<string> prompts, IReadOnlyList<ScoredPoolMessage> pools, CancellationToken cancellation);

    /// <summary>What training on the last round returned, in this life or before; null if there is none.</summary>
    string? LastMetrics { get; }

    /// <summary>
    /// What samplers take over, exactly (<see cref="Trainer.Lora.Files.AdapterFile"/>): the adapter as it is now, or the slow copy where the
    /// objective samples from that.
    /// </summary>
    byte[] ExportAdapter();

    /// <summary>Replaces the manifest, so that a crash resumes after the rounds trained so far.</summary>
    /// <param name="epoch">Epoch of this trainer; refused if the folder holds a manifest of a newer one, or of another one of that number.</param>
    /// <param name="finished">Whether the run is done.</param>
    void Commit(TrainerEpoch epoch, bool finished);
}

/// <summary>Orders scored pools as the sequential loop meets them.</summary>
public static class PoolOrder
{
    public static IOrderedEnumerable<ScoredPoolMessage> InOrder(this IEnumerable<ScoredPoolMessage> pools) =>
        pools.OrderBy(p => p.Lease.Id.Item).ThenBy(p => p.Index);

    /// <summary>Name of a lease in logs.</summary>
    public static string Name(this LeaseId lease) => $"{lease.Item}@{lease.Epoch:x}";
}
