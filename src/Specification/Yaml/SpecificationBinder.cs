using System.Collections;
using System.Globalization;
using System.Reflection;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace SpoActors.Specification.Yaml;

/// <summary>Binds a YAML tree to the specification's records; collects every unknown key and wrong type instead of stopping at the first.</summary>
/// <param name="root">The whole specification's type.</param>
/// <param name="layers">Where the nodes come from.</param>
/// <param name="overrides">Overrides by key: their nodes have no line in the file.</param>
sealed class SpecificationBinder(Type root, LayeredYaml layers, IReadOnlyDictionary<string, string> overrides)
{
    /// <summary>Later ones are only counted to the user, so nobody guesses what was meant.</summary>
    const int MostGuesses = 20;

    const int LongestGuessed = 100;

    readonly List<Problem> problems = [];

    readonly Dictionary<string, string> origins = [];

    public IReadOnlyList<Problem> Problems => problems;

    /// <summary>The line or the override that each given key comes from.</summary>
    public IReadOnlyDictionary<string, string> Origins => origins;

    public object Bind(YamlMappingNode node, Type section, string path = "")
    {
        var bound = Activator.CreateInstance(section)!;
        var keys = SpecificationKeys.Of(section);
        var spellings = new Dictionary<string, string>();
        foreach (var (keyNode, value) in node.Children)
        {
            var written = keyNode is YamlScalarNode { Value: { } text } ? text : keyNode.ToString();
            var found = keys.FirstOrDefault(k => k.Key == written || k.Property.FormerKey()?.Key == written);
            var key = found.Key ?? written;
            var full = path.Length == 0 ? key : $"{path}.{key}";
            if (found.Property is null)
            {
                origins[full] = Origin(full, keyNode);
                // A key in the wrong section is found by its own name.
                var nearest = problems.Count >= MostGuesses || key.Length > LongestGuessed ? null : Spelling.Nearest(key, keys.Select(k => k.Key)) is { } sibling
                    ? (path.Length == 0 ? sibling : $"{path}.{sibling}")
                    : SpecificationKeys.AllOf(root).Select(k => k.Key).FirstOrDefault(k => k.EndsWith("." + key, StringComparison.Ordinal));
                Add(full, "an unknown key", "one of " + string.Join(", ", keys.Select(k => k.Key)), nearest is null ? "Remove it." : $"Did you mean {nearest}?");
                continue;
            }
            if (!spellings.TryAdd(key, written))
            {
                origins[full] = Origin(full, keyNode);
                Add(full, $"both '{spellings[key]}' and '{written}', its {(written == key ? "present" : "former")} name", $"{key} alone", "Merge the two.");
                continue;
            }
            origins[full] = Origin(full, keyNode) + (written == key ? "" : $", as {written}");
            if (Convert(Translated(value, found.Property, written == key), found.Property, full) is { } converted) found.Property.SetValue(bound, converted.Value);
        }
        return bound;
    }

    string Origin(string key, YamlNode node) => overrides.GetValueOrDefault(key) ?? layers.Place(node);

    static YamlNode Translated(YamlNode value, PropertyInfo property, bool isPresentName) =>
        !isPresentName && value is YamlScalarNode { Value: { } text } ? new YamlScalarNode(property.FormerKey()!.Translate(text)) { Style = ScalarStyle.Plain } : value;

    /// <summary>Wraps a value, since null is one.</summary>
    sealed record Converted(object? Value);

    Converted? Convert(YamlNode node, PropertyInfo property, string key)
    {
        var type = property.PropertyType;
        if (SpecificationKeys.IsSection(type))
        {
            if (node is YamlMappingNode mapping) return new Converted(Bind(mapping, type, key));
            return IsNull(node) ? null : Wrong(node, key, "a section (indented keys)");
        }
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>)) return ConvertList(node, type.GetGenericArguments()[0], key);

        var underlying = Nullable.GetUnderlyingType(type);
        var isString = type == typeof(string);
        if (IsNull(node)) return underlying is not null || isString ? new Converted(isString && !SpecificationKeys.IsNullable(property) ? "" : null) : Wrong(node, key, Describe(type));
        if (node is not YamlScalarNode { Value: { } text }) return Wrong(node, key, Describe(type));
        return Parse(text, underlying ?? type) is { } value ? new Converted(value) : Wrong(node, key, Describe(underlying ?? type));
    }

    Converted? ConvertList(YamlNode node, Type element, string key)
    {
        if (node is not YamlSequenceNode sequence) return Wrong(node, key, SpecificationKeys.IsSection(element) ? "a list of sections" : $"a list of {Describe(element)}");
        var list = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(element))!;
        foreach (var child in sequence.Children)
        {
            if (SpecificationKeys.IsSection(element))
            {
                if (Written(child, element) is { } mapping) list.Add(Bind(mapping, element, SpecificationKeys.Item(key, list.Count)));
                else Wrong(child, key, "a list of sections");
            }
            else if (child is YamlScalarNode { Value: { } text } && Parse(text, element) is { } value) list.Add(value);
            else Wrong(child, key, $"a list of {Describe(element)}");
        }
        return new Converted(list);
    }

    /// <summary>A section as it is written out; null for something else.</summary>
    static YamlMappingNode? Written(YamlNode node, Type section) =>
        node as YamlMappingNode
        ?? (node is YamlScalarNode scalar && section.GetCustomAttribute<ShortFormAttribute>() is { } shortForm
            ? new YamlMappingNode(new YamlScalarNode(SpecificationKeys.ToKey(shortForm.Property)), scalar)
            : null);

    static object? Parse(string text, Type type)
    {
        if (type == typeof(string)) return text;
        if (type == typeof(bool)) return text switch { "true" => true, "false" => false, _ => null };
        if (type == typeof(int)) return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var i) ? i : null;
        if (type == typeof(ulong)) return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var u) ? u : null;
        if (type == typeof(double)) return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var d) ? d : null;
        if (type.IsEnum) return Enum.GetValues(type).Cast<object>().FirstOrDefault(v => SpecificationKeys.ToKey(v.ToString()!) == text);
        throw new NotSupportedException($"the specification holds a {type}, which has no YAML form");
    }

    internal static string Describe(Type type) =>
        type == typeof(string) ? "text"
        : type == typeof(bool) ? "true or false"
        : type == typeof(int) ? "a whole number"
        : type == typeof(ulong) ? "a whole number from 0"
        : type == typeof(double) ? "a number"
        : type.IsEnum ? "one of " + string.Join(", ", Enum.GetNames(type).Select(SpecificationKeys.ToKey))
        : Nullable.GetUnderlyingType(type) is { } inner ? Describe(inner) + " or null"
        : "a value";

    static bool IsNull(YamlNode node) => node is YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "null" or "~" };

    Converted? Wrong(YamlNode node, string key, string expected)
    {
        Add(key, node is YamlScalarNode { Value: null or "" } ? "nothing" : node is YamlScalarNode scalar ? $"'{scalar.Value}'" : node is YamlMappingNode ? "a section" : "a list", expected, "Correct the value.");
        return null;
    }

    void Add(string key, string found, string expected, string fix) => problems.Add(new Problem(key, found, expected, fix, origins.GetValueOrDefault(key)));
}
