using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SpoActors.Grains.Compute;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Specification;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Method.Samples;

namespace SpoActors.Grains.Tests.Fakes;

/// <summary>
/// The method without tensors: everything is a hash of what it may depend on, so that one wrong adapter, lost pair or other order
/// changes the final hashes.
/// </summary>
public sealed class FakeComputeFactory(FakeBehaviour? behaviour = null, string silo = "") : IComputeFactory
{
    readonly FakeBehaviour behaviour = behaviour ?? new();

    public ISamplerCompute CreateSampler(RunSpecification run, string device, string promptsHash)
    {
        behaviour.OnLoad(silo);
        return new FakeSampler(run, behaviour, $"{silo}/{device}");
    }

    public IScorerCompute CreateScorer(RunSpecification run, string device) => new FakeScorer(behaviour, $"{silo}/{device}");

    public FolderCommit? LastCommit(RunSpecification run, string folder) => FakeTrainer.Read(folder) is { } saved
        ? new FolderCommit(saved.Epoch, new CommittedRound(saved.NextRound, saved.Digest))
        : null;

    public ITrainerCompute CreateTrainer(RunSpecification run, string device, RunFacts facts) => new FakeTrainer(facts.Folder, behaviour);
}

/// <summary>What goes wrong, and what a test wants to know.</summary>
public sealed class FakeBehaviour
{
    /// <summary>Called with the silo's name when a sampler loads its models; may throw.</summary>
    public Action<string> OnLoad { get; set; } = _ => { };

    /// <summary>Bytes that a pool is said to have.</summary>
    public long PoolBytes { get; set; } = 4096;

    /// <summary>Called on the device's thread before each item; may throw or wait.</summary>
    public Action<ItemLease, CancellationToken> OnSample { get; set; } = (_, _) => { };

    /// <summary>Called with role, silo and device before each item and each pool; may throw or wait.</summary>
    public Action<WorkerRole, string> OnWork { get; set; } = (_, _) => { };

    /// <summary>Called before each pool is scored.</summary>
    public Action<CandidatePoolMessage> OnScore { get; set; } = _ => { };

    /// <summary>Called before each round is trained on.</summary>
    public Action<int, CancellationToken> OnTrain { get; set; } = (_, _) => { };
}

public sealed class FakeSampler(RunSpecification run, FakeBehaviour behaviour, string place = "") : ISamplerCompute
{
    byte[] adapter = [];

    public const int Pools = 3;

    public ItemSize LargestItem => new(Pools, behaviour.PoolBytes, Pools * behaviour.PoolBytes);

    public void UseAdapter(byte[] adapter) => this.adapter = adapter;

    public void Sample(ItemLease lease, Action<CandidatePoolMessage> deliver, CancellationToken cancellation)
    {
        behaviour.OnWork(WorkerRole.Sampler, place);
        behaviour.OnSample(lease, cancellation);
        for (int segment = 0; segment < Pools; segment++)
        {
            cancellation.ThrowIfCancellationRequested();
            var key = $"{run.Seed}/{lease.Id.Item.Round}/{lease.Id.Item.Index}/{segment}/{string.Join('|', lease.Prompts)}/{Convert.ToHexString(adapter)}";
            var clean = Payload(key);
            deliver(new CandidatePoolMessage(lease, segment, Pools, lease.PromptIndices, clean, 10 - segment, [new TransitionPayload(segment, 100 - segment, clean, Payload(key + "next"))]));
        }
    }

    public void Dispose()
    {
    }

    static TensorPayload Payload(string key) => new(NumberType.Float32, [8], SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}

public sealed class FakeScorer(FakeBehaviour behaviour, string place = "") : IScorerCompute
{
    public ScoredPoolMessage Score(CandidatePoolMessage pool)
    {
        behaviour.OnWork(WorkerRole.Scorer, place);
        behaviour.OnScore(pool);
        var transition = pool.Transitions[0];
        // One prompt in four has no clear winner.
        var pairs = pool.Lease.PromptIndices.Where(p => (pool.Clean.Bytes[p % 32] & 3) != 0).Select(p => new SamplePayload(
            transition.Step, p, 0, transition.Timestep, IsTie: false,
            new BranchPayload(pool.Clean.Bytes[0] % 4, transition.Current, transition.Next, 0, null, null),
            new BranchPayload(pool.Clean.Bytes[1] % 4, null, pool.Clean, 0, null, null))).ToArray();
        return new ScoredPoolMessage(pool.Lease, pool.Index, pool.PoolCount, [pool.Clean.Bytes[2] / 256f], pool.Lease.PromptIndices.Count, pairs);
    }

    public void Dispose()
    {
    }
}

public sealed class FakeTrainer : ITrainerCompute
{
    readonly string path;
    readonly FakeBehaviour behaviour;
    readonly ConsumedDigest digest = new();
    byte[] adapter = SHA256.HashData("start"u8);
    long pairs;

    public FakeTrainer(string folder, FakeBehaviour behaviour)
    {
        (path, this.behaviour) = (Path.Combine(folder, "manifest.json"), behaviour);
        if (Read(folder) is not { } saved) return;
        (NextRound, pairs, digest, adapter) = (saved.NextRound, saved.Pairs, new ConsumedDigest(saved.Digest), Convert.FromHexString(saved.Adapter));
        LastMetrics = saved.Metrics;
    }

    public int NextRound { get; private set; }

    public string? LastMetrics { get; private set; }

    public ConsumedTotals Totals => new(pairs, digest.Value);

    public string TrainRound(int round, IReadOnlyList<string> prompts, IReadOnlyList<ScoredPoolMessage> pools, CancellationToken cancellation)
    {
        behaviour.OnTrain(round, cancellation);
        cancellation.ThrowIfCancellationRequested();
        if (round != NextRound) throw new InvalidOperationException($"round {round} was trained instead of {NextRound}");
        foreach (var (item, pair) in pools.SelectMany(p => p.Samples.Select(s => (p.Lease.Id.Item, s))))
        {
            digest.Add(new SampleId(item.Round, item.Index, pair.Step, pair.PromptIndex), pair.Timestep, pair.Win.Candidate, pair.Lose!.Candidate);
            adapter = SHA256.HashData([.. adapter, .. pair.Win.Current!.Bytes, .. pair.Win.Next!.Bytes, .. pair.Lose.Next!.Bytes]);
            pairs++;
        }
        NextRound++;
        return LastMetrics = $"round {round}, {prompts.Count} prompts";
    }

    public byte[] ExportAdapter() => [.. adapter];

    public void Commit(TrainerEpoch epoch, bool finished) => Trainer.Storage.AtomicFile.Write(
        path, JsonSerializer.SerializeToUtf8Bytes(new Saved(NextRound, pairs, digest.Value, Convert.ToHexString(adapter), epoch.Number, LastMetrics)));

    public void Dispose()
    {
    }

    /// <summary>The last commit in a run's folder.</summary>
    internal static Saved? Read(string folder) => Path.Combine(folder, "manifest.json") is var path && File.Exists(path)
        ? JsonSerializer.Deserialize<Saved>(File.ReadAllText(path))
        : null;

    internal sealed record Saved(int NextRound, long Pairs, string Digest, string Adapter, long Epoch, string? Metrics);
}
