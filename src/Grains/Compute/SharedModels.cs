using SpoActors.Specification;

namespace SpoActors.Grains.Compute;

/// <summary>
/// The models on the devices of one silo. They belong to the silo, not to the process: two silos in one process have a thread each for
/// the device of the same name, and a model must never be used from two threads.
/// </summary>
sealed class SharedModels
{
    readonly Dictionary<(string Device, string Run), SharedModel> loaded = [];
    readonly Lock gate = new();

    /// <summary>A role's share of a device's model, which is loaded for the first one. Called on the device's thread.</summary>
    /// <param name="device">Device's name.</param>
    /// <param name="identity">What decides the model: the whole specification, since how it computes is the model's too.</param>
    /// <param name="run">The specification, its device set.</param>
    public ModelLease Lease(string device, string identity, RunSpecification run)
    {
        SharedModel? known;
        lock (gate) loaded.TryGetValue((device, identity), out known);
        // Loading is slow and on this device's thread alone: other devices don't wait for it.
        var model = known ?? new SharedModel(run);
        lock (gate)
        {
            loaded[(device, identity)] = model;
            model.Users++;
        }
        return new ModelLease(model, () => Return((device, identity), model));
    }

    void Return((string Device, string Run) key, SharedModel model)
    {
        lock (gate)
        {
            if (--model.Users > 0) return;
            loaded.Remove(key);
        }
        model.Dispose();
    }
}

/// <summary>A role's share of a device's model; the last one out frees it.</summary>
sealed class ModelLease(SharedModel shared, Action giveBack) : IDisposable
{
    public SharedModel Shared => shared;

    public void Dispose() => giveBack();
}
