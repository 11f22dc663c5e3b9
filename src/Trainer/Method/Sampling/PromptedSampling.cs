using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Method.Sampling;

/// <summary>What sampling from prompts holds for an item, whatever is sampled: its conditioning, and the adapter merged into the weights.</summary>
sealed class PromptedSampling
{
    readonly LoraAdapter adapter;
    readonly PromptEncoder encoder;
    readonly GuidedDenoiser policy;
    readonly bool merge;

    public PromptedSampling(DiffusionModel model, LoraAdapter adapter, RunSpecification run)
    {
        (this.adapter, encoder) = (adapter, model.PromptsFor(run.Sampling));
        policy = new GuidedDenoiser(new UNetDenoiser(model.UNet, adapter), run.Sampling.GuidanceScale, run.Sampling.GuidanceRescale);
        // In 16-bit weights a merged adapter's small changes round away; apart they are added in full.
        merge = run.Lora.MergeForSampling ?? run.Model.Dtype == NumberType.Float32;
    }

    /// <summary>A sampler of an item and its denoiser, as one of an item and its round's prompts.</summary>
    public Func<ItemDraw, IReadOnlyList<string>, Action<int>?, IItemSampling> With(Func<ItemDraw, PromptedDenoiser, Action<int>?, IItemSampling> begin) =>
        (item, roundPrompts, onStep) => new Sampling(this, item, roundPrompts, denoiser => begin(item, denoiser, onStep));

    sealed class Sampling : IItemSampling
    {
        readonly PromptedSampling of;
        readonly PromptedDenoiser denoiser;
        readonly IItemSampling sampling;

        public Sampling(PromptedSampling of, ItemDraw item, IReadOnlyList<string> roundPrompts, Func<PromptedDenoiser, IItemSampling> begin)
        {
            this.of = of;
            using var conditioning = new RoundConditioning(of.encoder, roundPrompts, of.policy.IsGuided);
            var rows = Rows(conditioning, item);
            denoiser = of.policy.For(rows);
            if (of.merge) of.adapter.Merge();
            sampling = begin(denoiser);
        }

        public CandidatePool? Next(CancellationToken cancellation) => sampling.Next(cancellation);

        public void Learn(Tensor scores_KB) => sampling.Learn(scores_KB);

        public void Dispose()
        {
            sampling.Dispose();
            if (of.merge) of.adapter.Unmerge();
            denoiser.Dispose();
        }

        /// <summary>Outlives the scopes of the steps.</summary>
        static GuidedConditioning Rows(RoundConditioning conditioning, ItemDraw item)
        {
            using var scope = NewDisposeScope();
            var rows = conditioning.Rows(item.PromptIndices);
            return new GuidedConditioning(rows.Prompt.Keep(), rows.Negative?.Keep());
        }
    }
}
