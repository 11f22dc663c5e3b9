using SpoActors.Specification;
using SpoActors.Specification.Yaml;

namespace SpoActors.Trainer.Runs;

/// <summary>A key whose value decides what a run computes, and differs between two specifications.</summary>
/// <param name="Key">Such as <c>sampling.steps</c>.</param>
/// <param name="Stored">Value in the run's folder.</param>
/// <param name="Given">Value now.</param>
public sealed record ConfigurationDifference(string Key, string Stored, string Given)
{
    /// <summary>All differing keys that are part of a run's identity.</summary>
    public static IReadOnlyList<ConfigurationDifference> Between(RunSpecification stored, RunSpecification given)
    {
        var now = SpecificationYaml.Flatten(SpecificationYaml.Identifying(given)).ToDictionary();
        return [.. SpecificationYaml.Flatten(SpecificationYaml.Identifying(stored))
            .Where(entry => now[entry.Key] != entry.Value)
            .Select(entry => new ConfigurationDifference(entry.Key, entry.Value, now[entry.Key]))];
    }

    public override string ToString() => $"{Key}: {Stored} in the run's folder, {Given} now";
}
