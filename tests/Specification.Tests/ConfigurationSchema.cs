using System.Collections;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using SpoActors.Specification.Yaml;

namespace SpoActors.Specification.Tests;

/// <summary>The JSON schemas in <c>config/schema</c>, made from the specification: an editor completes and checks keys with them.</summary>
static class ConfigurationSchema
{
    static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The text of a schema.</summary>
    /// <param name="specification">With its defaults.</param>
    /// <param name="title">What it describes.</param>
    public static string Generate(object specification, string title)
    {
        var comments = ConfigurationDocument.Comments();
        var schema = Section(specification.GetType(), specification, comments, []);
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", title);
        if (specification is not SpoActors.Specification.Silos.SiloSettings)
            schema["properties"]!.AsObject().Insert(0, "extends", new JsonObject { ["type"] = "string", ["description"] = "A configuration, relative to this one, whose keys hold where this one gives none." });
        return schema.ToJsonString(Options) + "\n";
    }

    static JsonObject Section(Type type, object? defaults, IReadOnlyDictionary<string, string> comments, Type[] above)
    {
        var properties = new JsonObject();
        foreach (var (key, property) in SpecificationKeys.Of(type))
        {
            var value = defaults is null ? null : property.GetValue(defaults);
            var schema = Value(property.PropertyType, value, comments, [.. above, type]);
            if (SpecificationKeys.IsNullable(property) && schema["type"] is { } kind) schema["type"] = new JsonArray(kind.DeepClone(), "null");
            if (schema["enum"] is JsonArray choices && SpecificationKeys.IsNullable(property)) choices.Add((JsonNode?)null);
            if (comments.GetValueOrDefault($"P:{property.DeclaringType!.FullName}.{property.Name}") is { Length: > 0 } comment) schema["description"] = comment;
            properties[key] = schema;
        }
        return new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
    }

    static JsonObject Value(Type type, object? value, IReadOnlyDictionary<string, string> comments, Type[] above)
    {
        var inner = Nullable.GetUnderlyingType(type) ?? type;
        if (SpecificationKeys.IsSection(inner)) return Section(inner, value, comments, above);
        if (inner.IsGenericType && typeof(IEnumerable).IsAssignableFrom(inner))
        {
            var element = inner.GetGenericArguments()[0];
            // A judge's members are judges: one level is described.
            var items = above.Contains(element) ? new JsonObject { ["type"] = "object" } : Value(element, null, comments, above);
            if (element.GetCustomAttribute<ShortFormAttribute>() is not null) items = new JsonObject { ["anyOf"] = new JsonArray(new JsonObject { ["type"] = "string" }, items) };
            return new JsonObject { ["type"] = "array", ["items"] = items };
        }
        var schema = new JsonObject
        {
            ["type"] = inner == typeof(string) || inner.IsEnum ? "string" : inner == typeof(bool) ? "boolean" : inner == typeof(double) ? "number" : "integer",
        };
        if (inner.IsEnum) schema["enum"] = new JsonArray([.. Enum.GetNames(inner).Select(n => (JsonNode)SpecificationKeys.ToKey(n))]);
        if (inner == typeof(ulong)) schema["minimum"] = 0;
        if (value is not null) schema["default"] = inner.IsEnum ? SpecificationKeys.ToKey(value.ToString()!) : JsonSerializer.SerializeToNode(value, inner);
        return schema;
    }
}
