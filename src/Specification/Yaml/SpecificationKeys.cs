using System.Globalization;
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

    public static bool IsSection(Type type) => type.IsClass && type.Assembly == typeof(SpecificationKeys).Assembly;

    /// <summary>Whether a type is a list of sections.</summary>
    public static bool IsSectionList(Type type) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>) && IsSection(type.GetGenericArguments()[0]);

    /// <summary>Path of a list's item: <c>judge.members[0]</c>.</summary>
    public static string Item(string list, int index) => $"{list}[{index.ToString(CultureInfo.InvariantCulture)}]";

    /// <summary>The key that a property had before, or null.</summary>
    internal static FormerKeyAttribute? FormerKey(this PropertyInfo property) => property.GetCustomAttribute<FormerKeyAttribute>();

    /// <summary>A dotted key with every former name replaced by the present one, and its last property; unknown parts stay.</summary>
    internal static (string Key, PropertyInfo? Property, bool IsFormer) Present(Type specification, string key)
    {
        var parts = key.Split('.');
        Type? section = specification;
        PropertyInfo? property = null;
        var isFormer = false;
        for (var i = 0; i < parts.Length; i++)
        {
            var found = section is null ? default : Of(section).FirstOrDefault(k => k.Key == parts[i] || k.Property.FormerKey()?.Key == parts[i]);
            property = found.Property;
            isFormer = property is not null && found.Key != parts[i];
            if (property is not null) parts[i] = found.Key;
            section = property is not null && IsSection(property.PropertyType) ? property.PropertyType : null;
        }
        return (string.Join('.', parts), property, isFormer);
    }

    /// <summary>GuidanceScale → guidance_scale, Beta1 → beta1, BFloat16 → bfloat16.</summary>
    public static string ToKey(string name) => Spelling.Key(name);
}
