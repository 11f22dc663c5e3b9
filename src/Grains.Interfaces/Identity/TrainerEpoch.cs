namespace SpoActors.Grains.Interfaces.Identity;

/// <summary>
/// A trainer's time with a run. The number counts up; the nonce tells two trainers of one number apart, which a storage that lost its last
/// write can make.
/// </summary>
/// <param name="Number">1, 2, 3 ...</param>
/// <param name="Nonce">Drawn when the run was claimed.</param>
[GenerateSerializer, Immutable, Alias("spo.TrainerEpoch")]
public readonly record struct TrainerEpoch([property: Id(0)] long Number, [property: Id(1)] Guid Nonce)
{
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Number} ({Nonce:n})");
}
