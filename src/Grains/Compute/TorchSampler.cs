using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Payloads;
using SpoActors.Grains.Interfaces.Sampling;
using SpoActors.Specification;
using SpoActors.Trainer.Diffusion;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Lora.Files;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Method.Sampling;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Grains.Compute;

/// <summary>The sampling stage.</summary>
sealed class TorchSampler : ISamplerCompute
{
    readonly ModelLease lease;
    readonly SamplingStage stage;
    readonly IRunProgress progress;
    readonly TimeProvider time;
    IReadOnlyDictionary<string, LoraFactors>? version;

    public TorchSampler(ModelLease lease, MethodPlan plan, IRunProgress progress, TimeProvider time)
    {
        (this.lease, this.progress, this.time) = (lease, progress, time);
        var shared = lease.Shared;
        LargestItem = ItemSizes.Largest(plan, plan.LargestLatents(shared.Model));
        stage = new SamplingStage(shared.Model, shared.Adapter, plan, new CounterBasedRandom(plan.Run.Seed));
    }

    public ItemSize LargestItem { get; }

    public void UseAdapter(byte[] adapter)
    {
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, adapter);
            using var scope = NewDisposeScope();
            var read = LoraWeights.Read(path, lease.Shared.Model.UNet);
            Free(version);
            // Out of the file, which is mapped, and out of the scope.
            version = read.ToDictionary(f => f.Key, f => new LoraFactors(Keep(f.Value.A), Keep(f.Value.B), f.Value.Alpha));
        }
        finally
        {
            File.Delete(path);
        }

        static Tensor Keep(Tensor tensor) => tensor.clone().DetachFromDisposeScope();
    }

    public void Sample(ItemLease item, Action<CandidatePoolMessage> deliver, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        var adapter = lease.Shared.Adapter;
        var trained = lease.Shared.IsTrained ? adapter.Export() : null;
        adapter.Import(version ?? throw new InvalidOperationException("no adapter was taken over before sampling"));
        try
        {
            // The stage looks up the item's prompts by their index in the round.
            var prompts = new string[item.PromptIndices.Max() + 1];
            for (int i = 0; i < item.PromptIndices.Count; i++) prompts[item.PromptIndices[i]] = item.Prompts[i];
            var draw = new ItemDraw(item.Id.Item.Round, item.Id.Item.Index, item.PromptIndices) { Rows = item.Rows };
            using var pools = stage.Begin(draw, prompts,
                step => progress.Report(new StageProgress(RunStage.Sample, draw.Round, draw.Index * stage.StepCount + step, stage.StepCount)));
            var since = time.GetTimestamp();
            while (pools.Next(cancellation) is { } pool)
            {
                var seconds = time.GetElapsedTime(since).TotalSeconds;
                since = time.GetTimestamp();
                using (pool) deliver(pool.ToMessage(item, stage.PoolCount(draw), seconds));
            }
        }
        finally
        {
            if (trained is not null) adapter.Import(trained);
        }
    }

    public void Dispose()
    {
        Free(version);
        lease.Dispose();
    }

    static void Free(IReadOnlyDictionary<string, LoraFactors>? factors)
    {
        foreach (var one in factors?.Values ?? []) one.Dispose();
    }
}
