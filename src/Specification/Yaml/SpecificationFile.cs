using SpoActors.Specification.Validation;

namespace SpoActors.Specification.Yaml;

/// <summary>Loads a configuration ready to be run.</summary>
public static class SpecificationFile
{
    /// <summary>
    /// Reads, resolves paths and validates. A relative path is looked for in the current folder, then beside the configuration file and
    /// those it extends, and comes out absolute.
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
        var layers = LayeredYaml.Read(path, typeof(T));
        var document = SpecificationYaml.Bind<T>(layers, overrides);
        var specification = resolve(document.Specification, [Environment.CurrentDirectory, .. layers.Folders]);
        return document.With(validate(specification)) is { Count: > 0 } problems ? throw new SpecificationException($"'{path}'", problems) : specification;
    }
}
