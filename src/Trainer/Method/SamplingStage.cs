using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Method.Sampling;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method;

/// <summary>First stage: samples an item's pools with the adapter as it is, by the run's flow.</summary>
public sealed class SamplingStage
{
    readonly LoraAdapter adapter;
    readonly PromptEncoder encoder;
    readonly GuidedDenoiser policy;
    readonly Func<ItemDraw, PromptedDenoiser, Action<int>?, IItemSampling> begin;
    readonly Func<ItemDraw, int> poolCount;
    readonly bool merge;

    /// <param name="model">The base model.</param>
    /// <param name="adapter">Its adapter.</param>
    /// <param name="plan">The run's method.</param>
    /// <param name="random">Everything drawn.</param>
    public SamplingStage(DiffusionModel model, LoraAdapter adapter, MethodPlan plan, IRandomSource random)
    {
        var run = plan.Run;
        (this.adapter, encoder) = (adapter, model.PromptsFor(run.Sampling));
        policy = new GuidedDenoiser(new UNetDenoiser(model.UNet, adapter), run.Sampling.GuidanceScale, run.Sampling.GuidanceRescale);
        var (process, size) = (plan.Process(model.Schedule), model.LatentSize(run.Sampling));
        if (plan.Flow == FlowKind.Trajectories)
        {
            var chains = new ChainSampler(process, run.Sampling, size, random, model.Device);
            (begin, poolCount, StepCount) = (chains.Begin, _ => 1, chains.StepCount);
        }
        else
        {
            var candidates = new CandidateSampler(process, run.Sampling, size, random, model.Device);
            (begin, poolCount, StepCount) = (candidates.Begin, _ => candidates.PoolCount, candidates.StepCount);
        }
        // In 16-bit weights a merged adapter's small changes round away; apart they are added in full.
        merge = run.Lora.MergeForSampling ?? run.Model.Dtype == NumberType.Float32;
    }

    /// <summary>Denoising steps of an item that are told to <c>onStep</c>.</summary>
    public int StepCount { get; }

    /// <summary>Pools that an item yields.</summary>
    public int PoolCount(ItemDraw item) => poolCount(item);

    /// <summary>Begins one item; the whole item is sampled with the adapter's values of this moment.</summary>
    public IItemSampling Begin(ItemDraw item, IReadOnlyList<string> roundPrompts, Action<int>? onStep = null) => new Merged(this, item, roundPrompts, onStep);

    /// <summary>Holds what belongs to an item: its conditioning, and the merged weights.</summary>
    sealed class Merged : IItemSampling
    {
        readonly SamplingStage stage;
        readonly PromptedDenoiser denoiser;
        readonly IItemSampling sampling;

        public Merged(SamplingStage stage, ItemDraw item, IReadOnlyList<string> roundPrompts, Action<int>? onStep)
        {
            this.stage = stage;
            using var conditioning = new RoundConditioning(stage.encoder, roundPrompts, stage.policy.IsGuided);
            using var scope = NewDisposeScope();
            denoiser = stage.policy.For(conditioning.Rows(item.PromptIndices));
            if (stage.merge) stage.adapter.Merge();
            sampling = stage.begin(item, denoiser, onStep);
        }

        public CandidatePool? Next(CancellationToken cancellation) => sampling.Next(cancellation);

        public void Learn(Tensor scores_KB) => sampling.Learn(scores_KB);

        public void Dispose()
        {
            sampling.Dispose();
            if (stage.merge) stage.adapter.Unmerge();
            denoiser.Dispose();
        }
    }
}
