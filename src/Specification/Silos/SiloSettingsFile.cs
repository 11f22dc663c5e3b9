using SpoActors.Specification.Texts;
using SpoActors.Specification.Yaml;

namespace SpoActors.Specification.Silos;

/// <summary>Reads <c>silo.yaml</c>.</summary>
public static class SiloSettingsFile
{
    /// <exception cref="SpecificationException">The file is missing, is no YAML, or has unknown keys, keys given twice or wrong values; all are listed at once.</exception>
    public static SiloSettings Read(string path)
    {
        var source = $"'{path}'";
        var document = SpecificationYaml.Bind<SiloSettings>(LayeredYaml.Of(ReadText(path), source), null);
        var settings = document.Specification;
        var resolved = settings with
        {
            RunsFolder = settings.RunsFolder is { } folder ? UserPath.Expand(folder) : null,
            Cluster = settings.Cluster with { Connection = Resolve(settings.Cluster.Connection) },
            Http = settings.Http with { Token = Resolve(settings.Http.Token) },
        };
        return document.With(SiloSettingsValidator.Validate(resolved)) is { Count: > 0 } problems ? throw new SpecificationException(source, problems) : resolved;
    }

    static string ReadText(string path)
    {
        try
        {
            return TextFile.Read(path, YamlText.MostBytes, "Start from config/silo.yaml.");
        }
        catch (TextFileException e)
        {
            throw new SpecificationException($"'{path}'", [e.Problem]);
        }
    }

    /// <summary>Secrets stay out of the file.</summary>
    static string? Resolve(string? value) =>
        value?.StartsWith("env:", StringComparison.Ordinal) == true ? Environment.GetEnvironmentVariable(value[4..]) : value;
}
