using System.Diagnostics;
using SpoActors.Specification;
using SpoActors.Trainer.Prompts;
using SpoActors.Trainer.Randomness;
using SpoActors.Trainer.Sampling;
using SpoActors.Trainer.Scoring;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Training;

/// <summary>
/// The whole method on one device, without actors: for every round sample its items, score their pools, train on their pairs. What the
/// pipeline must equal at staleness 0, bit for bit.
/// </summary>
public sealed class SequentialLoop(
    SamplingStage sampling, ScoringStage scoring, TrainingStage training, PromptSchedule schedule, ILoopObserver observer, TimeProvider time)
{
    /// <summary>Runs rounds from <paramref name="firstRound"/> to the end of the schedule.</summary>
    /// <param name="afterRound">Called between rounds with the number of the next one: the moment to commit.</param>
    public void Run(int firstRound, Action<int>? afterRound = null, CancellationToken cancellation = default)
    {
        for (int round = firstRound; round < schedule.RoundCount; round++)
        {
            RunRound(round, cancellation);
            afterRound?.Invoke(round + 1);
        }
    }

    /// <summary>One round: sample, score, train.</summary>
    public RoundMetrics RunRound(int round, CancellationToken cancellation = default)
    {
        var prompts = schedule.Round(round);
        var items = schedule.Items(round);
        observer.RoundStarted(round, prompts.Count, items.Count * sampling.PoolCount);
        var collected = new Collector(scoring, prompts, observer, time);
        try
        {
            var started = time.GetTimestamp();
            foreach (var item in items)
                sampling.Sample(item, prompts, collected, step => observer.StepSampled(round, item.Index, step), cancellation);
            var sampled = time.GetElapsedTime(started) - collected.Scoring;

            started = time.GetTimestamp();
            observer.TrainingStarted(round, collected.Pairs.Count);
            var minibatches = training.TrainRound(round, collected.Pairs, prompts, observer.MinibatchTrained, cancellation);
            var metrics = Metrics(round, prompts.Count, collected, minibatches) with
            {
                SampleSeconds = sampled.TotalSeconds,
                ScoreSeconds = collected.Scoring.TotalSeconds,
                TrainSeconds = time.GetElapsedTime(started).TotalSeconds,
            };
            observer.RoundFinished(metrics);
            return metrics;
        }
        finally
        {
            foreach (var pair in collected.Pairs) pair.Dispose();
        }
    }

    RoundMetrics Metrics(int round, int prompts, Collector collected, IReadOnlyList<MinibatchResult> minibatches)
    {
        var (mean, std) = collected.ScoreStatistics();
        double total = minibatches.Sum(m => m.Pairs);
        double? Mean(Func<MinibatchResult, double> value) => total == 0 ? null : minibatches.Sum(m => value(m) * m.Pairs) / total;
        var norms = minibatches.Where(m => m.GradientNorm is not null).Select(m => m.GradientNorm!.Value).ToArray();
        return new RoundMetrics
        {
            Round = round,
            Prompts = prompts,
            Pairs = collected.Pairs.Count,
            ValidPairShare = collected.Transitions == 0 ? 0 : (double)collected.Pairs.Count / collected.Transitions,
            ScoreMean = mean,
            ScoreStd = std,
            Loss = Mean(m => m.Metrics.Loss),
            Margin = Mean(m => m.Metrics.Margin),
            Accuracy = Mean(m => m.Metrics.Accuracy),
            RatioWin = Mean(m => m.Metrics.WinRatio),
            RatioLose = Mean(m => m.Metrics.LoseRatio),
            ClippedShare = Mean(m => m.Metrics.ClipShare),
            GradientNorm = norms.Length == 0 ? null : norms.Average(),
            SampleSeconds = 0,
            ScoreSeconds = 0,
            TrainSeconds = 0,
            ConsumedDigest = training.Consumed.Value,
        };
    }

    /// <summary>Scores each pool as it comes and keeps its pairs.</summary>
    sealed class Collector(ScoringStage scoring, IReadOnlyList<string> roundPrompts, ILoopObserver observer, TimeProvider time) : IPoolSink
    {
        readonly List<float> scores = [];

        public List<PreferencePair> Pairs { get; } = [];

        /// <summary>Prompts times transitions: the pairs there would be if all were kept.</summary>
        public int Transitions { get; private set; }

        public TimeSpan Scoring { get; private set; }

        public Tensor? Deliver(CandidatePool pool)
        {
            var started = time.GetTimestamp();
            using (pool)
            using (var scored = scoring.Score(pool, [.. pool.Item.PromptIndices.Select(i => roundPrompts[i])]))
            {
                scores.AddRange(scored.Scores.data<float>());
                var kept = PairBuilder.Build(pool, scored.Selection);
                Pairs.AddRange(kept);
                Transitions += pool.Transitions.Count * pool.Item.Count;
                observer.PoolScored(pool.Item.Round, pool.Item.Index, pool.SegmentIndex, kept.Count);
                Scoring += time.GetElapsedTime(started);
                return scored.Scores.alias();
            }
        }

        public (double Mean, double Std) ScoreStatistics()
        {
            if (scores.Count == 0) return (0, 0);
            var mean = scores.Average(s => (double)s);
            return (mean, scores.Count < 2 ? 0 : Math.Sqrt(scores.Sum(s => (s - mean) * (s - mean)) / (scores.Count - 1)));
        }
    }
}
