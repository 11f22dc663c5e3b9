using System.Globalization;
using System.Reflection;
using SpoActors.Specification.Texts;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace SpoActors.Specification.Yaml;

/// <summary>
/// A configuration file and those it extends. <c>extends: long.yaml</c>, relative to the file, takes all keys of another, and those that the
/// file gives itself replace them: sections key by key, lists and values whole.
/// </summary>
sealed class LayeredYaml
{
    /// <summary>The key that names the file that is extended.</summary>
    public const string ExtendsKey = "extends";

    const string KindKey = "kind";

    const int MostLayers = 8;

    readonly Dictionary<YamlNode, string> files = new(ReferenceEqualityComparer.Instance);

    LayeredYaml() { }

    /// <summary>A file.</summary>
    /// <param name="Path">Absolute.</param>
    /// <param name="Shown">As it was written.</param>
    sealed record Layer(string Path, string Shown);

    /// <summary>The keys of all layers in one tree.</summary>
    public YamlMappingNode Root { get; private set; } = [];

    /// <summary>The layers' folders, the file's own first.</summary>
    public List<string> Folders { get; } = [];

    /// <summary>A text without a file, which extends none.</summary>
    public static LayeredYaml Of(string text, string source) => new() { Root = Parse(text, source) };

    /// <summary>Reads a file and what it extends.</summary>
    /// <param name="path">The file.</param>
    /// <param name="specification">The record that its keys belong to.</param>
    /// <exception cref="SpecificationException">A file is missing, no YAML, or extends itself.</exception>
    public static LayeredYaml Read(string path, Type specification)
    {
        var layered = new LayeredYaml();
        var layers = new List<YamlMappingNode>();
        var seen = new List<string>();
        var next = new Layer(Path.GetFullPath(path), path);
        while (next is { } file)
        {
            var source = $"'{file.Shown}'" + (seen.Count > 0 ? $" (extended by '{path}')" : "");
            seen.Add(file.Path);
            var root = Parse(SpecificationYaml.ReadText(file.Path, source), source);
            layered.Folders.Add(Path.GetDirectoryName(file.Path)!);
            if (seen.Count > 1) layered.Mark(root, file.Shown);
            layers.Add(root);
            next = Take(root, file, source, seen);
        }
        layers.Reverse();
        layered.Root = layers.Aggregate((below, above) => Merge(below, above, specification));
        return layered;
    }

    /// <summary>Where a key stands: "line 3", or "line 3 of long.yaml".</summary>
    public string Place(YamlNode key) =>
        string.Create(CultureInfo.InvariantCulture, $"line {key.Start.Line}{(files.TryGetValue(key, out var file) ? $" of {file}" : "")}");

    static YamlMappingNode Parse(string text, string source)
    {
        try
        {
            return YamlText.Root(text, source);
        }
        catch (YamlException e)
        {
            throw new SpecificationException(source, [new Problem("syntax", e.Message.TrimEnd('.'), "YAML", "Correct the syntax.", string.Create(CultureInfo.InvariantCulture, $"line {e.Start.Line}"))]);
        }
    }

    /// <summary>Takes the key out of a layer.</summary>
    static Layer? Take(YamlMappingNode root, Layer file, string source, List<string> seen)
    {
        var key = new YamlScalarNode(ExtendsKey);
        if (!root.Children.TryGetValue(key, out var value)) return null;
        var line = string.Create(CultureInfo.InvariantCulture, $"line {root.Children.Keys.First(k => k.Equals(key)).Start.Line}");
        root.Children.Remove(key);
        if (value is not YamlScalarNode { Value: { Length: > 0 } written }) throw Wrong("no path", "the file to extend", "Name a configuration, relative to this one.");
        var path = Path.GetFullPath(UserPath.Expand(written), Path.GetDirectoryName(file.Path)!);
        if (seen.Contains(path)) throw Wrong($"'{written}', which leads back to itself", "a file that does not extend this one", "Remove one of the two keys.");
        if (seen.Count >= MostLayers) throw Wrong($"'{written}', the file number {seen.Count + 1}", $"at most {MostLayers} files that extend each other", "Merge some.");
        if (RegularFile.Obstacle(path) is { } obstacle) throw Wrong($"'{written}': {obstacle}", "a configuration, relative to this one", "Correct the path.");
        return new Layer(path, written);

        SpecificationException Wrong(string found, string expected, string fix) => new(source, [new Problem(ExtendsKey, found, expected, fix, line)]);
    }

    void Mark(YamlNode node, string file)
    {
        if (node is YamlMappingNode mapping)
            foreach (var (key, value) in mapping.Children)
            {
                files[key] = file;
                Mark(value, file);
            }
        else if (node is YamlSequenceNode sequence)
            foreach (var child in sequence.Children) Mark(child, file);
    }

    static YamlMappingNode Merge(YamlMappingNode below, YamlMappingNode above, Type section)
    {
        var merged = new YamlMappingNode();
        var given = above.Children.Keys.Select(k => PresentName(section, k)).ToHashSet(StringComparer.Ordinal);
        foreach (var (key, value) in below.Children)
            if (!given.Contains(PresentName(section, key))) merged.Children[key] = value;
        foreach (var (key, value) in above.Children)
        {
            var inner = SpecificationKeys.Of(section).FirstOrDefault(k => k.Key == PresentName(section, key)).Property?.PropertyType;
            var older = below.Children.FirstOrDefault(b => PresentName(section, b.Key) == PresentName(section, key)).Value;
            merged.Children[key] = inner is not null && SpecificationKeys.IsSection(inner) && value is YamlMappingNode upper && older is YamlMappingNode lower && !IsOfAnotherKind(lower, upper, inner)
                ? Merge(lower, upper, inner)
                : value;
        }
        return merged;
    }

    /// <summary>Whether a section names another kind than the one below it, which has the default where it names none.</summary>
    static bool IsOfAnotherKind(YamlMappingNode below, YamlMappingNode above, Type section) =>
        section.GetCustomAttribute<BelongsToKindAttribute>() is not null && KindOf(above) is { } kind && kind != (KindOf(below) ?? DefaultKind(section));

    static string? KindOf(YamlMappingNode section) => section.Children.TryGetValue(new YamlScalarNode(KindKey), out var kind) ? (kind as YamlScalarNode)?.Value : null;

    static string? DefaultKind(Type section) =>
        SpecificationKeys.Of(section).First(k => k.Key == KindKey).Property.GetValue(Activator.CreateInstance(section)) is { } kind ? SpecificationKeys.ToKey(kind.ToString()!) : null;

    /// <summary>A key by its present name, since the layers may be of different releases.</summary>
    static string PresentName(Type section, YamlNode key)
    {
        var written = key is YamlScalarNode { Value: { } text } ? text : key.ToString();
        return SpecificationKeys.Of(section).FirstOrDefault(k => k.Key == written || k.Property.FormerKey()?.Key == written).Key ?? written;
    }
}
