using SpoActors.Specification;
using SpoActors.Specification.Yaml;
using SpoActors.Trainer.Runs;

namespace SpoActors.Grains.Runs;

/// <summary>What a run's specification and another one differ in.</summary>
/// <param name="Refused">Settings that decide what is computed: another value makes it another run.</param>
/// <param name="Taken">The others: how, where and how long.</param>
sealed record SettingsChange(IReadOnlyList<string> Refused, IReadOnlyList<string> Taken)
{
    public static SettingsChange Between(RunSpecification known, RunSpecification asked)
    {
        var refused = ConfigurationDifference.Between(known, asked).ToDictionary(d => d.Key);
        var before = SpecificationYaml.Flatten(known).ToDictionary();
        var taken = SpecificationYaml.Flatten(asked).Where(now => !refused.ContainsKey(now.Key) && before.GetValueOrDefault(now.Key) != now.Value);
        return new SettingsChange(
            [.. refused.Values.Select(d => $"{d.Key} is {d.Stored}, now {d.Given}")],
            [.. taken.Select(now => $"{now.Key}: {before.GetValueOrDefault(now.Key, "nothing")} to {now.Value}")]);
    }
}
