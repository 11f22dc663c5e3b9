using SpoActors.Specification.Validation;

namespace SpoActors.Specification.Yaml;

/// <summary>Loads a configuration ready to be run.</summary>
public static class SpecificationFile
{
    /// <summary>
    /// Reads, resolves paths and validates. A relative path is looked for in the current folder, then beside the configuration file, and
    /// comes out absolute.
    /// </summary>
    /// <param name="path">The YAML file.</param>
    /// <param name="overrides"><c>key=value</c>, as given with --set.</param>
    /// <param name="checkFiles">Whether the paths must exist on this machine.</param>
    /// <exception cref="SpecificationException">Something is wrong with it; every problem is listed.</exception>
    public static RunSpecification Load(string path, IEnumerable<string>? overrides = null, bool checkFiles = true) =>
        Load<RunSpecification>(path, overrides, SpecificationPaths.Resolve, run => SpecificationValidator.Validate(run, checkFiles));

    /// <inheritdoc cref="Load"/>
    public static PreferenceTrainingSpecification LoadPreferenceTraining(string path, IEnumerable<string>? overrides = null, bool checkFiles = true) =>
        Load<PreferenceTrainingSpecification>(path, overrides, SpecificationPaths.Resolve, training => PreferenceTrainingValidator.Validate(training, checkFiles));

    static T Load<T>(string path, IEnumerable<string>? overrides, Func<T, IReadOnlyList<string>, T> resolve, Func<T, IReadOnlyList<Problem>> validate)
    {
        var document = SpecificationYaml.Bind<T>(SpecificationYaml.ReadText(path), $"'{path}'", overrides);
        var specification = resolve(document.Specification, [Environment.CurrentDirectory, Path.GetDirectoryName(Path.GetFullPath(path))!]);
        var unread = document.Problems.Select(p => p.Key).ToHashSet();
        var problems = document.Problems
            .Concat(validate(specification)
                .Where(p => !unread.Contains(p.Key))
                .Select(p => p with { Where = document.Origins.GetValueOrDefault(p.Key) }))
            .ToArray();
        return problems.Length == 0 ? specification : throw new SpecificationException($"'{path}'", problems);
    }
}
