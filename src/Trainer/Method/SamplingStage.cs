using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Method.Sampling;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;

namespace SpoActors.Trainer.Method;

/// <summary>First stage: samples candidate pools with the current adapter.</summary>
public sealed class SamplingStage
{
    readonly LoraAdapter adapter;
    readonly PromptEncoder encoder;
    readonly GuidedUNet unet;
    readonly CandidateSampler sampler;
    readonly bool merge;

    public SamplingStage(DiffusionModel model, LoraAdapter adapter, RunSpecification run, IRandomSource random)
    {
        (this.adapter, encoder) = (adapter, model.PromptsFor(run.Sampling));
        unet = new GuidedUNet(model.UNet, adapter, run.Sampling.GuidanceScale, run.Sampling.GuidanceRescale);
        var ddim = PolicyScheduler.Create(model.Schedule, run);
        sampler = new CandidateSampler(ddim, run.Sampling, model.LatentSize(run.Sampling), random, model.Device);
        // In 16-bit weights a merged adapter's small changes round away; apart they are added in full.
        merge = run.Lora.MergeForSampling ?? run.Model.Dtype == NumberType.Float32;
    }

    /// <summary>Candidate pools that an item yields.</summary>
    public int PoolCount => sampler.PoolCount;

    /// <summary>Denoising steps of an item that are told to <c>onStep</c>.</summary>
    public int StepCount => sampler.StepCount;

    /// <summary>Samples one item; the whole item with the adapter's values of this moment.</summary>
    public void Sample(ItemDraw item, IReadOnlyList<string> roundPrompts, IPoolSink sink, Action<int>? onStep = null, CancellationToken cancellation = default)
    {
        using var conditioning = new RoundConditioning(encoder, roundPrompts, unet.IsGuided);
        using var scope = TorchSharp.torch.NewDisposeScope();
        using var denoiser = unet.For(conditioning.Rows(item.PromptIndices));
        if (merge) adapter.Merge();
        try
        {
            sampler.Sample(item, denoiser, sink, onStep, cancellation);
        }
        finally
        {
            if (merge) adapter.Unmerge();
        }
    }
}
