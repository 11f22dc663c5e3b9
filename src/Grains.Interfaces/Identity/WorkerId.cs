namespace SpoActors.Grains.Interfaces.Identity;

/// <summary>What a device does for a run.</summary>
public enum WorkerRole { Sampler, Scorer, Trainer }

/// <summary>A role of a device of a silo.</summary>
/// <param name="Silo">Name of the silo, unique in the cluster.</param>
/// <param name="Device">Device name: cpu:0, cuda:1.</param>
/// <param name="Role">Role.</param>
[GenerateSerializer, Immutable, Alias("spo.WorkerId")]
public sealed record WorkerId([property: Id(0)] string Silo, [property: Id(1)] string Device, [property: Id(2)] WorkerRole Role)
{
    /// <summary>Key of the grain in front of the device.</summary>
    public string GrainKey => $"{Silo}/{Device}";

    /// <summary>The silo's name in a device grain's key.</summary>
    /// <exception cref="FormatException">The key has another form.</exception>
    public static string SiloOf(string grainKey)
    {
        var slash = grainKey.LastIndexOf('/');
        return slash > 0 && slash < grainKey.Length - 1
            ? grainKey[..slash]
            : throw new FormatException($"the device grain's key is '{grainKey}'; expected silo/device, for example trainer-1/cpu:0");
    }

    public override string ToString() => $"{Role.ToString().ToLowerInvariant()} {GrainKey}";
}
