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
        foreach (var factors in initial.Values) factors.Dispose();
        Adapter.Dispose();
        Model.Dispose();
    }
}
