using SpoActors.Trainer.Method.Sampling;
using SpoActors.Trainer.Method.Selection;
using SpoActors.Trainer.Progress;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method;

/// <summary>
/// The whole method on one device, without actors: for every round sample its items, score their pools, train on their pairs. What the
/// pipeline must equal at staleness 0, bit for bit.
/// </summary>
public sealed class SequentialLoop(
    SamplingStage sampling, ScoringStage scoring, TrainingStage training, PromptSchedule schedule, IRunProgress progress, TimeProvider time)
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
        progress.Report(new RoundStarted(round, prompts.Count));
        var collected = new Collector(scoring, prompts, progress, items.Count * sampling.PoolCount, time);
        try
        {
            var started = time.GetTimestamp();
            var steps = items.Count * sampling.StepCount;
            foreach (var item in items)
                sampling.Sample(item, prompts, collected,
                    step => progress.Report(new StageProgress(RunStage.Sample, round, item.Index * sampling.StepCount + step, steps)), cancellation);
            var sampled = time.GetElapsedTime(started) - collected.Scoring;

            started = time.GetTimestamp();
            var minibatches = Train(round, collected.Pairs, prompts, cancellation);
            var metrics = RoundMetrics.Of(
                round, prompts.Count, collected.Scores, collected.Transitions, collected.Pairs.Count, minibatches, training.Consumed.Value) with
            {
                SampleSeconds = sampled.TotalSeconds,
                ScoreSeconds = collected.Scoring.TotalSeconds,
                TrainSeconds = time.GetElapsedTime(started).TotalSeconds,
            };
            progress.Report(new RoundFinished(metrics));
            return metrics;
        }
        finally
        {
            foreach (var pair in collected.Pairs) pair.Dispose();
        }
    }

    IReadOnlyList<MinibatchResult> Train(int round, IReadOnlyList<PreferencePair> pairs, IReadOnlyList<string> prompts, CancellationToken cancellation)
    {
        long done = 0, total = (long)pairs.Count * training.PairEpochs;
        progress.Report(new StageProgress(RunStage.Train, round, done, total));
        return training.TrainRound(round, pairs, prompts, minibatch =>
        {
            done += minibatch.Pairs;
            progress.Report(new MinibatchFinished(minibatch.Pairs, minibatch.Metrics.Loss, minibatch.Metrics.Margin, minibatch.Metrics.Accuracy));
            progress.Report(new StageProgress(RunStage.Train, round, done, total));
        }, cancellation);
    }

    /// <summary>Scores each pool as it comes and keeps its pairs.</summary>
    sealed class Collector(ScoringStage scoring, IReadOnlyList<string> roundPrompts, IRunProgress progress, int pools, TimeProvider time) : IPoolSink
    {
        int poolsScored;

        public List<float> Scores { get; } = [];

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
                Scores.AddRange(scored.Scores.data<float>());
                var kept = PairBuilder.Build(pool, scored.Selection);
                Pairs.AddRange(kept);
                Transitions += pool.Transitions.Count * pool.Item.Count;
                progress.Report(new StageProgress(RunStage.Score, pool.Item.Round, ++poolsScored, pools));
                Scoring += time.GetElapsedTime(started);
                return scored.Scores.alias();
            }
        }
    }
}
