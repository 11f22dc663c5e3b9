using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Method.Minibatches;
using SpoActors.Trainer.Method.Samples;
using SpoActors.Trainer.Method.Sampling;
using SpoActors.Trainer.Method.Scoring;
using SpoActors.Trainer.Method.Selection;
using SpoActors.Trainer.Models.UNet;
using SpoActors.Trainer.Objectives;
using SpoActors.Trainer.Optimization;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Benchmarks.SpoRound;

/// <summary>One round through the product's own sampler, scorer and trainer, with a clock on each stage.</summary>
sealed class Round(PeerModels models, RunSpecification run, IRandomSource random, int prompts, TimeProvider time)
{
    readonly MethodPlan plan = new(run);

    public Dictionary<string, double> Seconds { get; } = new() { ["encode"] = 0, ["sample"] = 0, ["decode"] = 0, ["score"] = 0, ["train"] = 0 };

    public List<float> Scores { get; } = [];

    public List<TrainingSample> Pairs { get; } = [];

    public long[] Order { get; private set; } = [];

    public List<MinibatchResult> Minibatches { get; } = [];

    public void Execute()
    {
        var side = models.UNet.Config.SampleSize ?? throw new InvalidOperationException("the UNet's config.json has no sample_size");
        var ddim = new DdimScheduler(models.Schedule, run.Sampling.Steps, run.Sampling.Eta, DdimLastStep.ClampToFirst);
        var unet = new GuidedDenoiser(new UNetDenoiser(models.UNet, models.Adapter), run.Sampling.GuidanceScale, run.Sampling.GuidanceRescale);
        using var scope = NewDisposeScope();

        var (states, negative) = Timed("encode", models.Encode);
        var conditioning = new PromptConditioning(states, negative);
        var item = new ItemDraw(0, 0, [.. Enumerable.Range(0, prompts)]);
        var sampler = new CandidateSampler(ddim, run.Sampling, new LatentSize(models.UNet.Config.InChannels, side, side), random, CPU);
        var scorer = new PoolScorer(latents => Timed("decode", () => models.Decoder.Decode(latents)), models.Judge, run.Pairs, new PairThreshold(run.Pairs, ddim), random, run.Judge.BatchSize);
        using (var denoiser = unet.For(conditioning.Rows(item.PromptIndices)))
        using (var pools = sampler.Begin(item, denoiser))
            while (Timed("sample", () => pools.Next()) is { } pool)
                using (pool) Score(scorer, pool);

        using var optimizer = new AccumulatingOptimizer(models.Adapter.NamedParameters, run.Optimizer, run.Training.GradientAccumulation, run.Model.Dtype);
        var trainer = new MinibatchTrainer(unet, ddim, models.Schedule, plan.Objective, optimizer, run.Training, random, CPU);
        Pairs.Sort((a, b) => a.Id.CompareTo(b.Id));
        Minibatches.AddRange(Timed("train", () =>
        {
            Order = random.Shuffle(0, 0, Pairs.Count);
            return trainer.Train(Pairs, Order, epoch: 0, conditioning);
        }));
    }

    T Timed<T>(string stage, Func<T> work)
    {
        var started = time.GetTimestamp();
        var result = work();
        Seconds[stage] += time.GetElapsedTime(started).TotalSeconds;
        return result;
    }

    void Score(PoolScorer scorer, CandidatePool pool)
    {
        var started = time.GetTimestamp();
        var decoding = Seconds["decode"];
        using var prompts = models.JudgePrompts();
        using var scored = scorer.Score(pool, prompts);
        Scores.AddRange(scored.Values);
        Pairs.AddRange(SampleBuilder.Build(pool, scored, plan));
        Seconds["score"] += time.GetElapsedTime(started).TotalSeconds - (Seconds["decode"] - decoding);
    }

    sealed class PromptConditioning(Tensor states_BLD, Tensor negative_1LD) : IPromptConditioning
    {
        public GuidedConditioning Rows(IReadOnlyList<int> promptIndices, IReadOnlyList<SizeConditioning>? sizes = null) => new(
            new UNetConditioning(stack([.. promptIndices.Select(i => states_BLD[i])])),
            new UNetConditioning(negative_1LD.repeat(promptIndices.Count, 1, 1)));
    }
}
