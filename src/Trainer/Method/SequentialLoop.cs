using SpoActors.Trainer.Method.Minibatches;
using SpoActors.Trainer.Method.Samples;
using SpoActors.Trainer.Method.Sampling;
using SpoActors.Trainer.Method.Scoring;
using SpoActors.Trainer.Method.Selection;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Randomness;

namespace SpoActors.Trainer.Method;

/// <summary>
/// The whole method on one device, without actors: for every round sample its items, score their pools, train on their samples. What the
/// pipeline must equal at staleness 0, bit for bit.
/// </summary>
public sealed class SequentialLoop(
    SamplingStage sampling, ScoringStage scoring, TrainingStage training, PromptSchedule schedule, IRunProgress progress, TimeProvider time)
{
    /// <summary>
    /// Whether a cancelled run may leave a round's training unfinished, which loses what the adapter has learned since it was last stored.
    /// </summary>
    public Func<bool> MayLeaveTraining { get; init; } = () => true;

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
        var collected = new Collected();
        try
        {
            using (training.LendToSampling())
                foreach (var item in items) SampleAndScore(item, items.Count, prompts, collected, cancellation);
            var started = time.GetTimestamp();
            var minibatches = Train(round, collected.Samples, prompts, MayLeaveTraining() ? cancellation : CancellationToken.None);
            var metrics = RoundMetrics.Of(
                round, prompts.Count, collected.Scores, collected.Possible, collected.Samples.Count, minibatches, training.Consumed.Value) with
            {
                SampleSeconds = collected.Sampling.TotalSeconds,
                ScoreSeconds = collected.Scoring.TotalSeconds,
                TrainSeconds = time.GetElapsedTime(started).TotalSeconds,
            };
            progress.Report(new RoundFinished(metrics));
            return metrics;
        }
        finally
        {
            foreach (var sample in collected.Samples) sample.Dispose();
        }
    }

    void SampleAndScore(ItemDraw item, int items, IReadOnlyList<string> roundPrompts, Collected collected, CancellationToken cancellation)
    {
        long steps = (long)items * sampling.StepCount;
        var started = time.GetTimestamp();
        using var pools = sampling.Begin(item, roundPrompts,
            step => progress.Report(new StageProgress(RunStage.Sample, item.Round, item.Index * sampling.StepCount + step, steps)));
        while (pools.Next(cancellation) is { } pool)
        {
            using (pool)
            {
                collected.Sampling += time.GetElapsedTime(started);
                started = time.GetTimestamp();
                // Own pairs make a pool of each row of the item.
                using var scored = scoring.Score(pool, [.. pool.Item.PromptIndices.Select(i => roundPrompts[i])]);
                collected.Add(pool, scored, training.Plan);
                if (scored.Scores is not null) pools.Learn(scored.Scores);
                collected.Scoring += time.GetElapsedTime(started);
                started = time.GetTimestamp();
            }
            var ofItem = sampling.PoolCount(item);
            progress.Report(new StageProgress(RunStage.Score, item.Round, item.Index * ofItem + pool.Index + 1, (long)items * ofItem));
        }
        collected.Sampling += time.GetElapsedTime(started);
    }

    IReadOnlyList<MinibatchResult> Train(int round, IReadOnlyList<TrainingSample> samples, IReadOnlyList<string> prompts, CancellationToken cancellation)
    {
        long done = 0, total = (long)samples.Count * training.PairEpochs;
        progress.Report(new StageProgress(RunStage.Train, round, done, total));
        return training.TrainRound(round, samples, prompts, minibatch =>
        {
            done += minibatch.Samples;
            progress.Report(new MinibatchFinished(minibatch.Samples, minibatch.Loss, minibatch.Metrics));
            progress.Report(new StageProgress(RunStage.Train, round, done, total));
        }, cancellation);
    }

    /// <summary>What a round has yielded so far.</summary>
    sealed class Collected
    {
        public List<float> Scores { get; } = [];

        public List<TrainingSample> Samples { get; } = [];

        /// <summary>The samples there would be if all were kept.</summary>
        public int Possible { get; private set; }

        public TimeSpan Sampling { get; set; }

        public TimeSpan Scoring { get; set; }

        public void Add(CandidatePool pool, ScoredPool scored, MethodPlan plan)
        {
            Scores.AddRange(scored.Values);
            Samples.AddRange(SampleBuilder.Build(pool, scored, plan));
            Possible += SampleBuilder.Possible(pool, plan);
        }
    }
}
