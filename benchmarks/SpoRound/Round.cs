using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Method.Sampling;
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
    public Dictionary<string, double> Seconds { get; } = new() { ["encode"] = 0, ["sample"] = 0, ["decode"] = 0, ["score"] = 0, ["train"] = 0 };

    public List<float> Scores { get; } = [];

    public List<PreferencePair> Pairs { get; } = [];

    public long[] Order { get; private set; } = [];

    public List<MinibatchResult> Minibatches { get; } = [];

    public void Execute()
    {
        var side = models.UNet.Config.SampleSize ?? throw new InvalidOperationException("the UNet's config.json has no sample_size");
        var ddim = new DdimScheduler(models.Schedule, run.Sampling.Steps, run.Sampling.Eta, DdimLastStep.ClampToFirst);
        var unet = new GuidedUNet(models.UNet, models.Adapter, run.Sampling.GuidanceScale, run.Sampling.GuidanceRescale);
        using var scope = NewDisposeScope();

        var (states, negative) = Timed("encode", models.Encode);
        var conditioning = new Conditioning(states, negative);
        var item = new ItemDraw(0, 0, [.. Enumerable.Range(0, prompts)]);
        var sampler = new CandidateSampler(ddim, run.Sampling, new LatentSize(models.UNet.Config.InChannels, side, side), random, CPU);
        var scorer = new PoolScorer(latents => Timed("decode", () => models.Decoder.Decode(latents)), models.Judge, run.Pairs, random, run.Judge.BatchSize);
        var started = time.GetTimestamp();
        using (var denoiser = unet.For(conditioning.Rows(item.PromptIndices))) sampler.Sample(item, denoiser, new Sink(this, scorer, models, time));
        Seconds["sample"] = time.GetElapsedTime(started).TotalSeconds - Seconds["decode"] - Seconds["score"];

        using var optimizer = new AdamW(models.Adapter.NamedParameters, run.Optimizer);
        var trainer = new SpoTrainer(unet, ddim, new SpoLoss(run.Objective.Beta, run.Objective.Eps), optimizer, run.Training, CPU);
        Pairs.Sort((a, b) => a.Id.CompareTo(b.Id));
        Minibatches.AddRange(Timed("train", () =>
        {
            Order = random.Shuffle(0, 0, Pairs.Count);
            return trainer.Train(Pairs, Order, conditioning);
        }));
    }

    T Timed<T>(string stage, Func<T> work)
    {
        var started = time.GetTimestamp();
        var result = work();
        Seconds[stage] += time.GetElapsedTime(started).TotalSeconds;
        return result;
    }

    sealed class Conditioning(Tensor states_BLD, Tensor negative_1LD) : IRoundConditioning
    {
        public ConditioningRows Rows(IReadOnlyList<int> promptIndices) => new(
            new UNetConditioning(stack([.. promptIndices.Select(i => states_BLD[i])])),
            new UNetConditioning(negative_1LD.repeat(promptIndices.Count, 1, 1)));
    }

    sealed class Sink(Round round, PoolScorer scorer, PeerModels models, TimeProvider time) : IPoolSink
    {
        public Tensor? Deliver(CandidatePool pool)
        {
            using (pool)
            {
                var started = time.GetTimestamp();
                var decoding = round.Seconds["decode"];
                using var prompts = models.JudgePrompts();
                using var scored = scorer.Score(pool, prompts);
                round.Scores.AddRange(scored.Scores.data<float>());
                round.Pairs.AddRange(PairBuilder.Build(pool, scored.Selection));
                round.Seconds["score"] += time.GetElapsedTime(started).TotalSeconds - (round.Seconds["decode"] - decoding);
            }
            return null;
        }
    }
}
