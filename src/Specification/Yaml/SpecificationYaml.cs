using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using SpoActors.Specification.Texts;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace SpoActors.Specification.Yaml;

/// <summary>The specification as YAML: reading with all problems at once, overriding keys, and the canonical text that identifies it.</summary>
public static class SpecificationYaml
{
    /// <summary>Reads a configuration file; paths in it stay as they are written.</summary>
    /// <param name="path">The file.</param>
    /// <param name="overrides"><c>key=value</c>, as given with --set; the value is YAML.</param>
    /// <exception cref="SpecificationException">It is not YAML, or holds unknown keys or values of a wrong type.</exception>
    public static RunSpecification Read(string path, IEnumerable<string>? overrides = null) => Read<RunSpecification>(path, overrides);

    /// <inheritdoc cref="Read(string, IEnumerable{string}?)"/>
    /// <typeparam name="T">The specification's record.</typeparam>
    public static T Read<T>(string path, IEnumerable<string>? overrides = null) => Sound(Bind<T>(LayeredYaml.Read(path, typeof(T)), overrides), $"'{path}'");

    /// <inheritdoc cref="Read(string, IEnumerable{string}?)"/>
    /// <param name="text">The configuration.</param>
    /// <param name="source">What to call it in an error.</param>
    /// <param name="overrides"><c>key=value</c>; the value is YAML.</param>
    public static RunSpecification Parse(string text, string source, IEnumerable<string>? overrides = null) =>
        Sound(Bind<RunSpecification>(LayeredYaml.Of(text, source), overrides), source);

    static T Sound<T>(SpecificationDocument<T> document, string source) =>
        document.Problems.Count == 0 ? document.Specification : throw new SpecificationException(source, document.Problems);

    /// <summary>Binds what can be bound and collects what is wrong.</summary>
    internal static SpecificationDocument<T> Bind<T>(LayeredYaml layers, IEnumerable<string>? overrides)
    {
        var problems = new List<Problem>();
        var given = new Dictionary<string, string>();
        foreach (var assignment in overrides ?? []) Override(typeof(T), layers.Root, assignment, given, problems);
        var binder = new SpecificationBinder(typeof(T), layers, given);
        var bound = (T)binder.Bind(layers.Root, typeof(T));
        return new SpecificationDocument<T>(bound, binder.Origins, [.. problems, .. binder.Problems]);
    }

    internal static string ReadText(string path, string source)
    {
        try
        {
            return TextFile.Read(path, YamlText.MostBytes, "Start from config/tiny.yaml or config/sd15.yaml.");
        }
        catch (TextFileException e)
        {
            throw new SpecificationException(source, [e.Problem]);
        }
    }

    /// <summary>All settings in a fixed order and form: equal specifications have equal texts.</summary>
    public static string Write(object specification)
    {
        var text = new StringBuilder();
        WriteSection(text, specification, 0);
        return text.ToString();
    }

    /// <summary>
    /// SHA-256, hexadecimal, of the settings that decide what is computed: a run may be resumed in another folder, on another device, with
    /// other checkpoints and samples, or for more rounds, but not with other numbers.
    /// </summary>
    /// <remarks>
    /// The rule: the lines <c>key: value</c> of all settings without <see cref="MayChangeAttribute"/> whose value is not the default, in ordinal
    /// order. A key that a later release adds has its default in older runs, so they stay resumable; a default that changes asks for a new
    /// format of the manifests.
    /// </remarks>
    public static string Identity(object specification)
    {
        var defaults = Identifying(Activator.CreateInstance(specification.GetType())!);
        var lines = Identifying(specification).Where(s => defaults.GetValueOrDefault(s.Key) != s.Value).Select(s => $"{s.Key}: {s.Value}\n").Order(StringComparer.Ordinal);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))));
    }

    /// <summary>The settings that decide what is computed, with their values as <see cref="Write"/> spells them.</summary>
    public static IReadOnlyDictionary<string, string> Identifying(object specification)
    {
        var changeable = SpecificationKeys.Changeable(specification.GetType());
        return Flatten(specification).Where(s => !changeable.ContainsKey(s.Key)).ToDictionary();
    }

    /// <summary>Whether a folder's resolved configuration is of an identity by today's rule: what its manifest recorded under another rule cannot say.</summary>
    /// <typeparam name="T">The specification's record.</typeparam>
    /// <param name="file">The folder's <c>config.yaml</c>.</param>
    /// <param name="identity">See <see cref="Identity"/>.</param>
    public static bool Identifies<T>(string file, string identity) where T : notnull
    {
        try
        {
            return Identity(Read<T>(file)) == identity;
        }
        catch (SpecificationException)
        {
            return false;
        }
    }

    /// <summary>Every key with its value as <see cref="Write"/> spells it, in its order.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Flatten(object specification) => [.. Flatten(specification, "")];

    static IEnumerable<KeyValuePair<string, string>> Flatten(object section, string prefix) => SpecificationKeys.Of(section.GetType()).SelectMany(k =>
        (k.Property.GetValue(section), prefix + k.Key) switch
        {
            (IList { Count: > 0 } items, var key) when SpecificationKeys.IsSectionList(k.Property.PropertyType) =>
                items.Cast<object>().SelectMany((item, i) => Flatten(item, SpecificationKeys.Item(key, i) + ".")),
            ({ } inner, var key) when SpecificationKeys.IsSection(k.Property.PropertyType) => Flatten(inner, key + "."),
            (var value, var key) => [KeyValuePair.Create(key, Value(value))],
        });

    static void Override(Type specification, YamlMappingNode root, string assignment, Dictionary<string, string> given, List<Problem> problems)
    {
        var split = assignment.IndexOf('=', StringComparison.Ordinal);
        if (split <= 0)
        {
            problems.Add(new Problem($"--set {assignment}", "no key=value", "for example sampling.steps=4", "Write the key, =, and the value."));
            return;
        }
        var (name, property, isFormer) = SpecificationKeys.Present(specification, assignment[..split].Trim());
        given[name] = $"--set {assignment}";
        var path = name.Split('.');
        var (section, type) = (root, (Type?)specification);
        for (int i = 0; i < path.Length - 1; i++)
        {
            var (key, inner) = Find(section, type, path[i]);
            if (!section.Children.TryGetValue(key, out var child) || child is not YamlMappingNode mapping)
            {
                section.Children[key] = mapping = [];
                given[string.Join('.', path[..(i + 1)])] = given[name];
            }
            (section, type) = (mapping, inner);
        }
        var (last, _) = Find(section, type, path[^1]);
        if (last != path[^1]) section.Children.Remove(last);
        var text = assignment[(split + 1)..];
        try
        {
            section.Children[path[^1]] = OverrideValue(property, isFormer ? property!.FormerKey()!.Translate(text) : text);
        }
        catch (YamlException e)
        {
            problems.Add(new Problem(name, e.Message.TrimEnd('.'), "YAML", "Correct the value.", given[name]));
        }
    }

    /// <summary>A key as the file spells it, which may be the former name, and the type of its section.</summary>
    static (string Key, Type? Section) Find(YamlMappingNode section, Type? type, string key)
    {
        var property = type is null ? null : SpecificationKeys.Of(type).FirstOrDefault(k => k.Key == key).Property;
        var inner = property is not null && SpecificationKeys.IsSection(property.PropertyType) ? property.PropertyType : null;
        var former = property?.FormerKey()?.Key;
        return (former is not null && section.Children.ContainsKey(former) && !section.Children.ContainsKey(key) ? former : key, inner);
    }

    /// <summary>A text needs no YAML quoting on the command line: a path may hold anything.</summary>
    static YamlNode OverrideValue(PropertyInfo? property, string text) =>
        (property?.PropertyType == typeof(string) ? null : YamlText.Value(text)) ?? new YamlScalarNode(text) { Style = ScalarStyle.Plain };

    static void WriteSection(StringBuilder text, object section, int indent)
    {
        foreach (var (key, property) in SpecificationKeys.Of(section.GetType()))
        {
            var value = property.GetValue(section);
            text.Append(' ', indent).Append(key).Append(':');
            if (value is not null && SpecificationKeys.IsSection(property.PropertyType))
            {
                text.Append('\n');
                WriteSection(text, value, indent + 2);
            }
            else if (value is IEnumerable items && SpecificationKeys.IsSectionList(property.PropertyType) && items.Cast<object>().Any())
            {
                text.Append('\n');
                foreach (var item in items)
                {
                    var start = text.Length;
                    WriteSection(text, item, indent + 4);
                    text[start + indent + 2] = '-';
                }
            }
            else text.Append(' ').Append(Value(value)).Append('\n');
        }
    }

    /// <summary>A value in its one spelling.</summary>
    static string Value(object? value) => value is IEnumerable list and not string ? $"[{string.Join(", ", list.Cast<object>().Select(Scalar))}]" : Scalar(value);

    static string Scalar(object? value) => value switch
    {
        null => "null",
        string s => Quote(s),
        bool b => b ? "true" : "false",
        Enum e => SpecificationKeys.ToKey(e.ToString()),
        double d => d.ToString("R", CultureInfo.InvariantCulture),
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };

    static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is '"' or '\\') quoted.Append('\\').Append(rune);
            else if (rune.Value == '\n') quoted.Append("\\n");
            else if (Rune.IsControl(rune) || rune.Value is 0x2028 or 0x2029 or 0xFEFF) quoted.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
            else quoted.Append(rune);
        }
        return quoted.Append('"').ToString();
    }
}
