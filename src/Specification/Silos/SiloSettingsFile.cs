using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace SpoActors.Specification.Silos;

/// <summary>Reads <c>silo.yaml</c>.</summary>
public static class SiloSettingsFile
{
    /// <exception cref="SpecificationException">The file is missing, is no YAML, or has unknown keys or wrong values; values are all listed at once.</exception>
    public static SiloSettings Read(string path)
    {
        if (!File.Exists(path)) throw Wrong(path, new Problem("file", "no such file", "a YAML configuration", "Start from config/silo.yaml."));
        try
        {
            var reader = new DeserializerBuilder()
                .WithNamingConvention(UnderscoredNamingConvention.Instance).WithTypeMapping<IReadOnlyList<string>, List<string>>().Build();
            var settings = reader.Deserialize<SiloSettings?>(File.ReadAllText(path)) ?? new SiloSettings();
            var resolved = settings with
            {
                Cluster = settings.Cluster with { Connection = Resolve(settings.Cluster.Connection) },
                Http = settings.Http with { Token = Resolve(settings.Http.Token) },
            };
            return SiloSettingsValidator.Validate(resolved) is { Count: > 0 } problems ? throw Wrong(path, [.. problems]) : resolved;
        }
        catch (YamlException e)
        {
            throw Wrong(path, new Problem($"line {e.Start.Line}", e.InnerException?.Message ?? e.Message, "a known key with a fitting value", "config/silo.yaml has them all."));
        }
    }

    /// <summary>Secrets stay out of the file.</summary>
    static string? Resolve(string? value) =>
        value?.StartsWith("env:", StringComparison.Ordinal) == true ? Environment.GetEnvironmentVariable(value[4..]) : value;

    static SpecificationException Wrong(string path, params Problem[] problems) => new($"'{path}'", problems);
}
