using System.Reflection;
using System.Text;

namespace SpoActors.Specification.Yaml;

/// <summary>The keys of the specification: its properties in snake_case.</summary>
public static class SpecificationKeys
{
    /// <summary>Every key of a run with its full path, such as <c>sampling.steps</c>, in the order of the declaration.</summary>
    public static IReadOnlyList<(string Key, PropertyInfo Property)> All { get; } = AllOf(typeof(RunSpecification));

    /// <summary>Every key of a specification, likewise.</summary>
    public static IReadOnlyList<(string Key, PropertyInfo Property)> AllOf(Type specification) => [.. Below(specification, "")];

    /// <summary>Whether a key may be null.</summary>
    public static bool IsNullable(PropertyInfo property) => new NullabilityInfoContext().Create(property).WriteState == NullabilityState.Nullable;

    /// <summary>The keys that may change when a run is resumed, each with what must stay the same nevertheless (<see cref="MayChangeAttribute"/>).</summary>
    public static IReadOnlyDictionary<string, string> Changeable(Type specification) => Changeable(specification, "", null).ToDictionary();

    static IEnumerable<KeyValuePair<string, string>> Changeable(Type section, string prefix, MayChangeAttribute? ofSection) => Of(section).SelectMany(k =>
        (k.Property.GetCustomAttribute<MayChangeAttribute>() ?? ofSection) is var mark && IsSection(k.Property.PropertyType)
            ? Changeable(k.Property.PropertyType, $"{prefix}{k.Key}.", mark)
            : mark is null ? [] : [KeyValuePair.Create(prefix + k.Key, mark.Condition)]);

    static IEnumerable<(string Key, PropertyInfo Property)> Below(Type section, string prefix) => Of(section).SelectMany(k =>
        IsSection(k.Property.PropertyType) ? Below(k.Property.PropertyType, $"{prefix}{k.Key}.") : [(prefix + k.Key, k.Property)]);

    /// <summary>Properties by key, in the order in which they are declared.</summary>
    public static IReadOnlyList<(string Key, PropertyInfo Property)> Of(Type section) =>
        [.. section.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite).OrderBy(p => p.MetadataToken).Select(p => (ToKey(p.Name), p))];

    public static bool IsSection(Type type) => type.IsClass && type != typeof(string) && type.Namespace == typeof(RunSpecification).Namespace;

    /// <summary>GuidanceScale → guidance_scale, Beta1 → beta1, BFloat16 → bfloat16.</summary>
    public static string ToKey(string name)
    {
        var key = new StringBuilder();
        for (int i = 0; i < name.Length; i++)
        {
            if (char.IsUpper(name[i]) && i > 0 && !char.IsUpper(name[i - 1])) key.Append('_');
            key.Append(char.ToLowerInvariant(name[i]));
        }
        return key.ToString();
    }

    /// <summary>The known key that a mistyped one most resembles, or null if none is close.</summary>
    public static string? Nearest(string mistyped, IEnumerable<string> known)
    {
        var best = known.Select(k => (Key: k, Distance: Distance(mistyped, k))).MinBy(k => k.Distance);
        return best.Key is not null && best.Distance <= Math.Max(2, mistyped.Length / 3) ? best.Key : null;
    }

    /// <summary>Levenshtein's edit distance.</summary>
    static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (int i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }
        return row[b.Length];
    }
}
