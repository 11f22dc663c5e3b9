using SpoActors.Specification.Silos;
using SpoActors.Specification.Yaml;
using YamlDotNet.RepresentationModel;

namespace SpoActors.Specification.Files;

/// <summary>What a configuration file configures.</summary>
public enum ConfigurationKind { Run, PreferenceTraining, Silo }

/// <summary>Tells configuration files apart by their keys.</summary>
public static class ConfigurationKinds
{
    static readonly (ConfigurationKind Kind, Type Specification)[] Kinds =
    [
        (ConfigurationKind.Run, typeof(RunSpecification)), (ConfigurationKind.PreferenceTraining, typeof(PreferenceTrainingSpecification)), (ConfigurationKind.Silo, typeof(SiloSettings)),
    ];

    /// <summary>The kind that knows most of a file's first keys; a run's where several do.</summary>
    /// <exception cref="SpecificationException">The file is missing or no YAML.</exception>
    public static ConfigurationKind Of(string path)
    {
        var given = LayeredYaml.Read(path, typeof(RunSpecification)).Root.Children.Keys.OfType<YamlScalarNode>().Select(k => k.Value).ToHashSet();
        return Kinds.MaxBy(k => SpecificationKeys.Of(k.Specification).Count(key => given.Contains(key.Key))).Kind;
    }
}
