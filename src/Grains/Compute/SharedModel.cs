using SpoActors.Specification;
using SpoActors.Trainer.Lora;
using SpoActors.Trainer.Pipelines;
using SpoActors.Trainer.Randomness;
using static TorchSharp.torch;

namespace SpoActors.Grains.Compute;

/// <summary>
/// One diffusion model with one adapter for all roles of a device: a device that samples and trains loads its UNet once. Used on the
/// device's thread alone.
/// </summary>
sealed class SharedModel : IDisposable
{
    readonly IReadOnlyDictionary<string, LoraFactors> initial;

    public SharedModel(RunSpecification run)
    {
        Model = DiffusionModel.Load(run.Model);
        Adapter = Trainer.Lora.Adapters.Create(Model.UNet, run.Lora, new CounterBasedRandom(run.Seed));
        initial = Adapter.Export();
    }

    public DiffusionModel Model { get; }

    /// <summary>The trainer's values, if there is a trainer here; else the sampler's.</summary>
    public LoraAdapter Adapter { get; }

    /// <summary>Whether the values belong to a trainer, so that a sampler must put them back.</summary>
    public bool IsTrained { get; set; }

    public int Users { get; set; }

    /// <summary>Back to the values a run starts from, without gradients: whatever an earlier session on this device left behind.</summary>
    public void Reset()
    {
        using var noGrad = no_grad();
        Adapter.Import(initial);
        foreach (var parameter in Adapter.Parameters)
        {
            using var gradient = parameter.grad;
            if (gradient is not null) parameter.grad = null;
        }
    }

    public void Dispose()
    {
        foreach (var (a, b, _) in initial.Values)
        {
            a.Dispose();
            b.Dispose();
        }
        Adapter.Dispose();
        Model.Dispose();
    }
}

/// <summary>A role's share of a device's model; the last one out frees it.</summary>
sealed class ModelLease : IDisposable
{
    static readonly Dictionary<(string Owner, string Device, string Run), SharedModel> Loaded = [];
    static readonly Lock Gate = new();

    readonly (string, string, string) key;

    /// <param name="owner">The silo: silos in one process have a thread each, hence a model each.</param>
    /// <param name="device">Device's name.</param>
    /// <param name="identity">What decides the model.</param>
    /// <param name="run">The specification, its device set.</param>
    public ModelLease(string owner, string device, string identity, RunSpecification run)
    {
        key = (owner, device, identity);
        SharedModel? known;
        lock (Gate) Loaded.TryGetValue(key, out known);
        // Loading is slow and on this device's thread alone: other devices don't wait for it.
        Shared = known ?? new SharedModel(run);
        lock (Gate)
        {
            Loaded[key] = Shared;
            Shared.Users++;
        }
    }

    public SharedModel Shared { get; }

    public void Dispose()
    {
        lock (Gate)
        {
            if (--Shared.Users > 0) return;
            Loaded.Remove(key);
        }
        Shared.Dispose();
    }
}
