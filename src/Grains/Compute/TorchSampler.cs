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

    public TorchSampler(ModelLease lease, RunSpecification run, IRunProgress progress, TimeProvider time)
    {
        (this.lease, this.progress, this.time) = (lease, progress, time);
        var shared = lease.Shared;
        LargestItem = Size(run, shared.Model.LatentSize(run.Sampling));
        stage = new SamplingStage(shared.Model, shared.Adapter, run, new CounterBasedRandom(run.Seed));
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
            var draw = new ItemDraw(item.Id.Item.Round, item.Id.Item.Index, item.PromptIndices);
            stage.Sample(
                draw, prompts, new Sink(item, stage.PoolCount, time, deliver),
                step => progress.Report(new StageProgress(RunStage.Sample, draw.Round, draw.Index * stage.StepCount + step, stage.StepCount)), cancellation);
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
        foreach (var (a, b, _) in factors?.Values ?? [])
        {
            a.Dispose();
            b.Dispose();
        }
    }

    static ItemSize Size(RunSpecification run, LatentSize latent)
    {
        var segments = SegmentPlan.Create(run.Sampling).Segments;
        long one = latent.Channels * latent.Height * latent.Width * sizeof(float) * run.Sampling.BatchSize, k = run.Sampling.Candidates;
        if (k * one > TensorPayload.MaxBytes)
            throw new PipelineException(
                $"the candidates of an item have {k * one} bytes ({k} candidates of {run.Sampling.BatchSize} prompts); a payload holds at most " +
                $"{TensorPayload.MaxBytes}. Lower sampling.batch_size or sampling.candidates.");
        // Clean; then every transition's start and end, where the first start is shared.
        var steps = segments.Max(s => s.End - s.Start + 1);
        var pool = one * (k + 1 + k + (steps - 1) * 2 * k);
        if (pool > CandidatePoolMessage.MaxBytes)
            throw new PipelineException(
                $"a pool of {k} candidates, {run.Sampling.BatchSize} prompts and {steps} steps has {pool} bytes; a message holds at most " +
                $"{CandidatePoolMessage.MaxBytes}. Lower sampling.batch_size, sampling.candidates or sampling.inner_steps.");
        // Two ends for each prompt and transition, and two starts, of which the first transition's are one.
        return new ItemSize(segments.Count, pool, segments.Count * one * (3 + (steps - 1) * 4));
    }

    sealed class Sink(ItemLease item, int poolCount, TimeProvider time, Action<CandidatePoolMessage> deliver) : IPoolSink
    {
        long since = time.GetTimestamp();

        public Tensor? Deliver(CandidatePool pool)
        {
            var seconds = time.GetElapsedTime(since).TotalSeconds;
            since = time.GetTimestamp();
            using (pool)
                deliver(new CandidatePoolMessage(
                    item, pool.SegmentIndex, poolCount, pool.Clean.ToPayload(), pool.ScoreTimestep,
                    [.. pool.Transitions.Select(t => new TransitionPayload(t.Step, t.Timestep, t.Current.ToPayload(), t.Next.ToPayload()))], seconds));
            return null;
        }
    }
}
