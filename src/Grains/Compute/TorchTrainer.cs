using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Identity;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Specification;
using SpoActors.Trainer.Evaluation;
using SpoActors.Trainer.Lora.Files;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Randomness;
using SpoActors.Trainer.Runs;
using static TorchSharp.torch;

namespace SpoActors.Grains.Compute;

/// <summary>The training stage with its checkpoints.</summary>
sealed class TorchTrainer : ITrainerCompute
{
    readonly ModelLease lease;
    readonly TrainingStage stage;
    readonly RunStore store;
    readonly RunFacts facts;
    readonly EvaluationGrids grids;
    readonly IRunProgress progress;
    readonly TimeProvider time;

    public TorchTrainer(ModelLease lease, RunSpecification run, RunStore store, RunFacts facts, TimeProvider time, IRunProgress shown)
    {
        (this.lease, this.store, this.facts, this.time) = (lease, store, facts, time);
        var metricsFile = Path.Combine(facts.Folder, "metrics.jsonl");
        progress = RunProgress.To(new MetricsFile(metricsFile), new LogFile(Path.Combine(facts.Folder, "log.txt"), time), shown);
        lease.Shared.Reset();
        stage = new TrainingStage(lease.Shared.Model, lease.Shared.Adapter, new MethodPlan(run), new CounterBasedRandom(run.Seed));
        grids = new EvaluationGrids(new EvaluationSamples(lease.Shared.Model, run, facts.EvaluationPrompts), run.Evaluation, progress);
        var last = store.Resume();
        if (last is null) Draw("before");
        else
        {
            stage.Load(store.StatePath(last));
            NextRound = last.NextRound;
            LastMetrics = MetricsFile.Read(metricsFile).LastOrDefault(m => m.Round == NextRound - 1)?.ToJson();
        }
        // From now on a sampler on this device gives the trainer's values back.
        lease.Shared.IsTrained = true;
        progress.Report(new RunStarted(run.Name, facts.Folder, NextRound, facts.RoundCount, facts.PromptCount));
        if (last is null || NextRound < facts.RoundCount) return;
        // Stopped between its last commit and its samples, or told to go on when there is nothing left to do.
        if (!File.Exists(Samples("after"))) Draw("after");
        Announce(last);
    }

    public int NextRound { get; private set; }

    public string? LastMetrics { get; private set; }

    public ConsumedTotals Totals => new(stage.ConsumedPairs, stage.Consumed.Value);

    public string TrainRound(int round, IReadOnlyList<string> prompts, IReadOnlyList<ScoredPoolMessage> pools, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var samples = pools.SelectMany(p => p.Samples.Select(s => s.ToSample(p.Lease.Id.Item))).ToArray();
        try
        {
            long done = 0, total = (long)samples.Length * stage.PairEpochs;
            var minibatches = stage.TrainRound(round, samples, prompts, minibatch =>
            {
                done += minibatch.Samples;
                progress.Report(new MinibatchFinished(minibatch.Samples, minibatch.Loss, minibatch.Metrics));
                progress.Report(new StageProgress(RunStage.Train, round, done, total));
            }, cancellation);
            NextRound = round + 1;
            var metrics = RoundMetrics.Of(
                round, prompts.Count, [.. pools.SelectMany(p => p.Scores)], pools.Sum(p => p.Possible), samples.Length, minibatches, stage.Consumed.Value)
                with
            {
                SampleSeconds = pools.Sum(p => p.SampleSeconds),
                ScoreSeconds = pools.Sum(p => p.ScoreSeconds),
                TrainSeconds = time.GetElapsedTime(started).TotalSeconds,
            };
            progress.Report(new RoundFinished(metrics));
            return LastMetrics = metrics.ToJson();
        }
        finally
        {
            foreach (var sample in samples) sample.Dispose();
        }
    }

    public byte[] ExportAdapter()
    {
        using (stage.LendToSampling()) return AdapterFile.Exact(lease.Shared.Adapter);
    }

    public void Commit(TrainerEpoch epoch, bool finished)
    {
        CommitFence.Ensure(store.Last(), epoch);
        var manifest = store.Commit(NextRound, stage, target => AdapterFile.Write(target, lease.Shared.Adapter), CommitFence.Mark(epoch), finished);
        progress.Report(new CheckpointWritten(NextRound, manifest.Checkpoint, manifest.AdapterHash));
        if (!finished) return;
        Draw("after");
        Announce(manifest);
    }

    void Announce(RunManifest last) => progress.Report(new RunFinished(facts.RoundCount, last.AdapterHash, last.ConsumedDigest));

    void Draw(string moment)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Samples(moment))!);
        grids.Draw(Samples(moment), moment, facts.Ended);
    }

    string Samples(string moment) => Path.Combine(facts.Folder, "samples", moment + ".png");

    public void Dispose()
    {
        stage.Dispose();
        lease.Shared.IsTrained = false;
        lease.Dispose();
    }
}
