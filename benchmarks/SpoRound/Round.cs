using SpoActors.Specification;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Method.Minibatches;
using SpoActors.Trainer.Method.Samples;
using SpoActors.Trainer.Randomness;

namespace SpoActors.Benchmarks.SpoRound;

/// <summary>One round through the product's own stages, with a clock on each.</summary>
sealed class Round(PeerModels models, RunSpecification run, TorchGeneratorDraws random, TimeProvider time)
{
    readonly MethodPlan plan = new(run);

    public Dictionary<string, double> Seconds { get; } = new() { ["sample"] = 0, ["decode"] = 0, ["score"] = 0, ["train"] = 0 };

    /// <summary>Processor seconds of the whole process during the round.</summary>
    public double ProcessorSeconds { get; private set; }

    public double Total { get; private set; }

    public List<float> Scores { get; } = [];

    public List<TrainingSample> Pairs { get; } = [];

    public long[] Order => random.LastShuffle;

    public List<MinibatchResult> Minibatches { get; } = [];

    public void Execute()
    {
        using var training = new TrainingStage(models.Model, models.Adapter, plan, random);
        using var scoring = new ScoringStage(models.Model.Decoder, models.Judge, plan, models.Model.Schedule, random);
        var sampling = new SamplingStage(models.Model, models.Adapter, plan, random);
        var (started, processor) = (time.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var item = new ItemDraw(0, 0, [.. Enumerable.Range(0, models.Prompts.Count)]);
        using (var pools = Timed("sample", () => sampling.Begin(item, models.Prompts)))
            while (Timed("sample", () => pools.Next(CancellationToken.None)) is { } pool)
                using (pool)
                {
                    var judging = models.Judge.Spent;
                    using var scored = Timed("decode", () => scoring.Score(pool, models.Prompts));
                    var spent = (models.Judge.Spent - judging).TotalSeconds;
                    Seconds["decode"] -= spent;
                    Seconds["score"] += spent;
                    Scores.AddRange(scored.Values);
                    Pairs.AddRange(SampleBuilder.Build(pool, scored, plan));
                }
        Minibatches.AddRange(Timed("train", () => training.TrainRound(0, Pairs, models.Prompts)));
        Pairs.Sort((a, b) => a.Id.CompareTo(b.Id));
        Total = time.GetElapsedTime(started).TotalSeconds;
        ProcessorSeconds = (Environment.CpuUsage.TotalTime - processor).TotalSeconds;
    }

    T Timed<T>(string stage, Func<T> work)
    {
        var started = time.GetTimestamp();
        var result = work();
        Seconds[stage] += time.GetElapsedTime(started).TotalSeconds;
        return result;
    }
}
