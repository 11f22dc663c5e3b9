using SpoActors.Specification.Yaml;

namespace SpoActors.Specification.Silos;

/// <summary>A device of a silo. Its name alone stands for a device with the silo's roles: <c>cuda:0</c> is <c>{ device: cuda:0 }</c>.</summary>
[ShortForm(nameof(Device))]
public sealed record DeviceSettings
{
    /// <summary>cpu:0, cuda:1.</summary>
    public string Device { get; init; } = "";

    /// <summary>What it does: sampler, scorer, trainer; null for the silo's roles.</summary>
    public IReadOnlyList<string>? Roles { get; init; }
}
