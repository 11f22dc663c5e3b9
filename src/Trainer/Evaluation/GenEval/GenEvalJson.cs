using System.Text.Json;

namespace SpoActors.Trainer.Evaluation.GenEval;

/// <summary>Reads parts of GenEval's JSON; errors name what was found.</summary>
static class GenEvalJson
{
    public static string Text(JsonElement json, string name) =>
        Of(json, name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : throw Unexpected(json, name, "a text");

    public static int Count(JsonElement json) =>
        Of(json, "count") is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out var count) && count >= 0
            ? count : throw Unexpected(json, "count", "a whole number of at least 0");

    /// <summary>A list of objects; none where the name is missing.</summary>
    public static IEnumerable<JsonElement> List(JsonElement json, string name) => Of(json, name) switch
    {
        null => [],
        { ValueKind: JsonValueKind.Array } value => value.EnumerateArray(),
        _ => throw Unexpected(json, name, "a list"),
    };

    static JsonElement? Of(JsonElement json, string name) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) ? value : null;

    static InvalidDataException Unexpected(JsonElement json, string name, string expected) =>
        new($"'{name}' is {(Of(json, name) is { } value ? value.GetRawText() : "missing")}, expected {expected}, in GenEval's {json.GetRawText()}");
}
