using System.Text.Json;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Scoring;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Specification;
using SpoActors.Trainer.Checkpoints.Lora;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Randomness;
using SpoActors.Trainer.Runs;
using SpoActors.Trainer.Training;
using static TorchSharp.torch;

namespace SpoActors.Grains.Compute;

/// <summary>The training stage with its checkpoints.</summary>
sealed class TorchTrainer : ITrainerCompute
{
    readonly ModelLease lease;
    readonly TrainingStage stage;
    readonly RunStore store;
    readonly MetricsFile metricsFile;
    readonly TimeProvider time;

    public TorchTrainer(ModelLease lease, RunSpecification run, RunStore store, string folder, TimeProvider time)
    {
        (this.lease, this.store, this.time) = (lease, store, time);
        lease.Shared.Reset();
        lease.Shared.IsTrained = true;
        stage = new TrainingStage(lease.Shared.Model, lease.Shared.Adapter, run, new CounterBasedRandom(run.Seed));
        metricsFile = new MetricsFile(Path.Combine(folder, "metrics.jsonl"));
        if (store.Last() is { } last)
        {
            stage.Load(store.StatePath(last));
            NextRound = last.NextRound;
        }
        metricsFile.Report(new RunStarted(run.Name, folder, NextRound, 0, 0));
    }

    public int NextRound { get; private set; }

    public ConsumedTotals Totals => new(stage.ConsumedPairs, stage.Consumed.Value);

    public string TrainRound(int round, IReadOnlyList<string> prompts, IReadOnlyList<ScoredPoolMessage> pools, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var pairs = pools.SelectMany(p => p.Pairs).Select(ToPair).ToArray();
        try
        {
            var minibatches = stage.TrainRound(round, pairs, prompts, cancellation: cancellation);
            NextRound = round + 1;
            var metrics = RoundMetrics.Of(
                round, prompts.Count, [.. pools.SelectMany(p => p.Scores)], pools.Sum(p => p.Transitions), pairs.Length, minibatches, stage.Consumed.Value)
                with
            { TrainSeconds = time.GetElapsedTime(started).TotalSeconds };
            metricsFile.Report(new RoundFinished(metrics));
            return JsonSerializer.Serialize(metrics);
        }
        finally
        {
            foreach (var pair in pairs) pair.Dispose();
        }
    }

    public byte[] ExportAdapter()
    {
        using var stream = new MemoryStream();
        WriteAdapter(stream);
        return stream.ToArray();
    }

    public void Commit(long epoch, bool finished)
    {
        if (store.Last() is { } last && last.TrainerEpoch > epoch)
            throw new PipelineException($"the run's folder holds a commit of trainer epoch {last.TrainerEpoch}; this trainer has epoch {epoch} and commits nothing");
        store.Commit(NextRound, stage, WriteAdapter, (int)epoch, finished);
    }

    public void Dispose()
    {
        stage.Dispose();
        lease.Shared.IsTrained = false;
        lease.Dispose();
    }

    /// <summary>Diffusers' format; where alpha is another than the rank it would have to be folded in, so kohya's, which carries it.</summary>
    void WriteAdapter(Stream target)
    {
        using var scope = NewDisposeScope();
        var factors = lease.Shared.Adapter.Export();
        if (factors.Values.All(f => f.Alpha == f.A.shape[0])) LoraWeights.WriteDiffusers(target, factors);
        else LoraWeights.WriteKohya(target, factors);
    }

    static PreferencePair ToPair(PairPayload pair)
    {
        var currentWin = pair.CurrentWin.ToTensor(CPU);
        return new PreferencePair
        {
            Id = new Trainer.Training.PairId(pair.Id.Item.Round, pair.Id.Item.Index, pair.Id.Step, pair.Id.PromptIndex),
            Timestep = pair.Timestep,
            Candidates = (pair.Win, pair.Lose),
            CurrentWin = currentWin,
            CurrentLose = pair.CurrentLose?.ToTensor(CPU) ?? currentWin,
            NextWin = pair.NextWin.ToTensor(CPU),
            NextLose = pair.NextLose.ToTensor(CPU),
        };
    }
}
