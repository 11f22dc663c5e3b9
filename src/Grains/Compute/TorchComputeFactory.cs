using System.Text;
using SpoActors.Grains.Interfaces;
using SpoActors.Grains.Interfaces.Training;
using SpoActors.Specification;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Devices;
using SpoActors.Trainer.Judges;
using SpoActors.Trainer.Method;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Progress;
using SpoActors.Trainer.Randomness;
using SpoActors.Trainer.Runs;
using SpoActors.Trainer.Storage;
using static TorchSharp.torch;

namespace SpoActors.Grains.Compute;

/// <summary>The real thing: the stages of the sequential loop, fed with payloads. One for each silo.</summary>
/// <param name="time">Measures the stages.</param>
/// <param name="progress">Told of everything, from the devices' threads; null for nobody.</param>
public sealed class TorchComputeFactory(TimeProvider time, IRunProgress? progress = null) : IComputeFactory
{
    readonly SharedModels models = new();
    readonly IRunProgress progress = progress ?? RunProgress.None;

    public ISamplerCompute CreateSampler(RunSpecification run, string device, string promptsHash)
    {
        var here = On(run, device);
        var plan = new MethodPlan(here);
        if (plan.Flow == FlowKind.OwnPairs && plan.OwnPairs.Hash is var hash && hash != promptsHash)
            throw new PipelineException(
                $"data.path: found '{here.Data.Path}' with the data set {hash[..12]} here; the run began with {promptsHash[..12]}. Bring the same pairs to every sampler.");
        return Lease(here, device, lease => new TorchSampler(lease, plan, progress, time));
    }

    public IScorerCompute CreateScorer(RunSpecification run, string device)
    {
        var here = On(run, device);
        var (plan, decoder) = (new MethodPlan(here), LatentDecoderLoading.Load(here.Model));
        try
        {
            var judge = plan.NeedsJudge ? JudgeLoader.Load(here.Judge, TorchNames.ParseDevice(here.Model.Device)) : null;
            return new TorchScorer(decoder, judge, new ScoringStage(decoder, judge, plan, DiffusionModel.LoadSchedule(here.Model), new CounterBasedRandom(here.Seed)), plan, progress, time);
        }
        catch
        {
            decoder.Dispose();
            throw;
        }
    }

    public ITrainerCompute CreateTrainer(RunSpecification run, string device, RunFacts facts)
    {
        var here = On(run, device);
        var store = new RunStore(facts.Folder, new RunIdentity(SpecificationYaml.Identity(run), facts.PromptsHash), run.Checkpoints.Keep);
        // Before the configuration there is replaced, which tells what an older manifest belongs to.
        store.Last();
        // As `spo run` leaves it beside its results.
        AtomicFile.Write(Path.Combine(facts.Folder, RunFolder.ConfigurationFile), Encoding.UTF8.GetBytes(SpecificationYaml.Write(run)));
        return Lease(here, device, lease => new TorchTrainer(lease, here, store, facts, time, progress));
    }

    public FolderCommit? LastCommit(RunSpecification run, string folder) => RunManifest.In(folder) is { } manifest
        ? new FolderCommit(manifest.TrainerEpoch, new CommittedRound(manifest.NextRound, manifest.ConsumedDigest))
        : null;

    /// <summary>Makes something that holds the device's model until it is disposed.</summary>
    T Lease<T>(RunSpecification here, string device, Func<ModelLease, T> create)
    {
        var lease = models.Lease(device, SpecificationYaml.Write(here), here);
        try
        {
            return create(lease);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>The run as this device runs it. cpu:0 and cpu:1 are workers of one CPU.</summary>
    static RunSpecification On(RunSpecification run, string device)
    {
        if (run.Model.Threads > 0) set_num_threads(run.Model.Threads);
        return run with { Model = run.Model with { Device = device.StartsWith("cpu", StringComparison.Ordinal) ? "cpu" : device } };
    }
}
