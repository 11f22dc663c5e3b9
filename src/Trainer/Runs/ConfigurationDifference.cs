using SpoActors.Specification.Yaml;

namespace SpoActors.Trainer.Runs;

/// <summary>A key whose value decides what a run computes, and differs between two specifications.</summary>
/// <param name="Key">Such as <c>sampling.steps</c>.</param>
/// <param name="Stored">Value in the run's folder.</param>
/// <param name="Given">Value now.</param>
public sealed record ConfigurationDifference(string Key, string Stored, string Given)
{
    /// <summary>All differing keys of two specifications of the same kind.</summary>
    public static IReadOnlyList<ConfigurationDifference> Between(object stored, object given)
    {
        var (before, now) = (SpecificationYaml.Identifying(stored), SpecificationYaml.Identifying(given));
        return [.. before.Keys.Union(now.Keys)
            .Select(key => new ConfigurationDifference(key, before.GetValueOrDefault(key, "nothing"), now.GetValueOrDefault(key, "nothing")))
            .Where(d => d.Stored != d.Given)];
    }

    public override string ToString() => $"{Key}: {Stored} in the run's folder, {Given} now";
}
