using SpoActors.Specification.Yaml;

namespace SpoActors.Trainer.Runs;

/// <summary>A key whose value decides what a run computes, and differs between two specifications.</summary>
/// <param name="Key">Such as <c>sampling.steps</c>.</param>
/// <param name="Stored">Value in the run's folder.</param>
/// <param name="Given">Value now.</param>
public sealed record ConfigurationDifference(string Key, string Stored, string Given)
{
    /// <summary>All differing keys of two specifications of the same kind, of which only what decides results is left.</summary>
    public static IReadOnlyList<ConfigurationDifference> Between(object stored, object given)
    {
        var now = SpecificationYaml.Flatten(given).ToDictionary();
        return [.. SpecificationYaml.Flatten(stored)
            .Where(entry => now[entry.Key] != entry.Value)
            .Select(entry => new ConfigurationDifference(entry.Key, entry.Value, now[entry.Key]))];
    }

    public override string ToString() => $"{Key}: {Stored} in the run's folder, {Given} now";
}
