using System.Collections.Concurrent;
using System.Security.Cryptography;
using SpoActors.Grains.Compute;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Specification;

namespace SpoActors.Benchmarks.ControlPlane;

/// <summary>How long each stage takes for one item.</summary>
public sealed record StageDelays(TimeSpan Sample, TimeSpan Score, TimeSpan Train);

/// <summary>Stages that take a fixed time and compute nothing; notes when an item was begun and when it was consumed.</summary>
public sealed class DelayCompute(StageDelays delays) : IComputeFactory
{
    const int PayloadBytes = 4096;

    readonly StageDelays delays = delays;
    readonly ConcurrentDictionary<ItemId, long> begun = new();
    readonly ConcurrentQueue<TimeSpan> latencies = new();
    readonly ConcurrentQueue<long> roundEnds = new();

    /// <summary>From the moment that a sampler's device takes an item to the moment that the trainer's device takes its pairs.</summary>
    public IReadOnlyCollection<TimeSpan> Latencies => latencies;

    /// <summary>Timestamps of the ends of training.</summary>
    public IReadOnlyCollection<long> RoundEnds => roundEnds;

    public ISamplerCompute CreateSampler(RunSpecification run, string device) => new Sampler(this);

    public IScorerCompute CreateScorer(RunSpecification run, string device) => new Scorer(this);

    public ITrainerCompute CreateTrainer(RunSpecification run, string device, RunFacts facts) => new Trainer(this);

    static void Wait(TimeSpan delay, CancellationToken cancellation)
    {
        if (delay > TimeSpan.Zero) cancellation.WaitHandle.WaitOne(delay);
    }

    sealed class Sampler(DelayCompute owner) : ISamplerCompute
    {
        public ItemSize LargestItem { get; } = new(1, 3 * PayloadBytes, 3 * PayloadBytes);

        public void UseAdapter(byte[] adapter)
        {
        }

        public void Sample(ItemLease lease, Action<CandidatePoolMessage> deliver, CancellationToken cancellation)
        {
            owner.begun.TryAdd(lease.Id.Item, TimeProvider.System.GetTimestamp());
            Wait(owner.delays.Sample, cancellation);
            var payload = new TensorPayload(NumberType.Float32, [PayloadBytes / 4], new byte[PayloadBytes]);
            deliver(new CandidatePoolMessage(lease, 0, 1, lease.PromptIndices, payload, 0, [new TransitionPayload(0, 0, payload, payload)]));
        }

        public void Dispose()
        {
        }
    }

    sealed class Scorer(DelayCompute owner) : IScorerCompute
    {
        public ScoredPoolMessage Score(CandidatePoolMessage pool)
        {
            Wait(owner.delays.Score, CancellationToken.None);
            var transition = pool.Transitions[0];
            var pair = new SamplePayload(
                0, pool.Lease.PromptIndices[0], 0, 0, IsTie: false,
                new BranchPayload(0, transition.Current, transition.Next, 0, null, null), new BranchPayload(1, null, transition.Next, 0, null, null));
            return new ScoredPoolMessage(pool.Lease, pool.Index, pool.PoolCount, [0, 1], 1, [pair]);
        }

        public void Dispose()
        {
        }
    }

    sealed class Trainer(DelayCompute owner) : ITrainerCompute
    {
        public int NextRound { get; private set; }

        public ConsumedTotals Totals { get; private set; } = new(0, "");

        public string? LastMetrics => null;

        public string TrainRound(int round, IReadOnlyList<string> prompts, IReadOnlyList<ScoredPoolMessage> pools, CancellationToken cancellation)
        {
            var now = TimeProvider.System.GetTimestamp();
            foreach (var pool in pools) owner.latencies.Enqueue(TimeProvider.System.GetElapsedTime(owner.begun[pool.Lease.Id.Item], now));
            Wait(owner.delays.Train * pools.Count, cancellation);
            NextRound = round + 1;
            Totals = new ConsumedTotals(Totals.Pairs + pools.Count, "");
            owner.roundEnds.Enqueue(TimeProvider.System.GetTimestamp());
            return "";
        }

        public byte[] ExportAdapter() => SHA256.HashData(BitConverter.GetBytes(NextRound));

        public void Commit(TrainerEpoch epoch, bool finished)
        {
        }

        public void Dispose()
        {
        }
    }
}
