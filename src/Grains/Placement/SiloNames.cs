using Orleans.Runtime;

namespace SpoActors.Grains.Placement;

/// <summary>Which silo has which name, as the membership knows it.</summary>
public sealed class SiloNames(ISiloStatusOracle silos)
{
    /// <summary>The live silo of a name; null if there is none.</summary>
    public SiloAddress? Find(string name) => Of(name).Where(s => s.Value == SiloStatus.Active).Select(s => s.Key).FirstOrDefault();

    /// <summary>Whether the silo was in the cluster and has left it.</summary>
    public bool IsDead(string name)
    {
        var known = Of(name).Select(s => s.Value).ToArray();
        return known.Length > 0 && known.All(s => s == SiloStatus.Dead);
    }

    IEnumerable<KeyValuePair<SiloAddress, SiloStatus>> Of(string name) =>
        silos.GetApproximateSiloStatuses().Where(s => silos.TryGetSiloName(s.Key, out var its) && its == name);
}
