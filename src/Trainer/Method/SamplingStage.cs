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
    readonly Func<ItemDraw, IReadOnlyList<string>, Action<int>?, IItemSampling> begin;
    readonly Func<ItemDraw, int> poolCount;

    /// <param name="model">The base model.</param>
    /// <param name="adapter">Its adapter.</param>
    /// <param name="plan">The run's method.</param>
    /// <param name="random">Everything drawn.</param>
    /// <exception cref="SpecificationException">The run's own pairs cannot be used.</exception>
    public SamplingStage(DiffusionModel model, LoraAdapter adapter, MethodPlan plan, IRandomSource random)
    {
        var run = plan.Run;
        if (plan.Flow == FlowKind.OwnPairs)
        {
            var pairs = new OwnPairSampler(plan.PairEncoder(model), run.Data.Relabel);
            (begin, poolCount, StepCount) = (pairs.Begin, item => item.Count, run.Sampling.BatchSize);
            return;
        }
        var (process, size) = (plan.Process(model.Schedule), model.LatentSize(run.Sampling));
        var prompted = new PromptedSampling(model, adapter, run);
        if (plan.Flow == FlowKind.Trajectories)
        {
            var chains = new ChainSampler(process, run.Sampling, size, random, model.Device);
            (begin, poolCount, StepCount) = (prompted.With(chains.Begin), _ => 1, chains.StepCount);
        }
        else
        {
            var candidates = new CandidateSampler(process, run.Sampling, size, random, model.Device);
            (begin, poolCount, StepCount) = (prompted.With(candidates.Begin), _ => candidates.PoolCount, candidates.StepCount);
        }
    }

    /// <summary>Denoising steps, or rows, of an item that are told to <c>onStep</c>.</summary>
    public int StepCount { get; }

    /// <summary>Pools that an item yields.</summary>
    public int PoolCount(ItemDraw item) => poolCount(item);

    /// <summary>Begins one item; the whole item is sampled with the adapter's values of this moment.</summary>
    public IItemSampling Begin(ItemDraw item, IReadOnlyList<string> roundPrompts, Action<int>? onStep = null) => begin(item, roundPrompts, onStep);
}
