using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace SpoActors.Trainer.Checkpoints;

/// <summary>The JSON files beside weights.</summary>
static partial class CheckpointJson
{
    /// <summary>Reads a file whose root is an object. Infinities and NaN, which Python writes as bare words, are read as text.</summary>
    /// <param name="path">The file.</param>
    /// <param name="kind">What it should be, for messages.</param>
    /// <exception cref="CheckpointException">It is missing, unreadable, or its root is something else.</exception>
    public static JsonElement ReadObject(string path, string kind) => Read(path, kind, JsonValueKind.Object);

    /// <summary>The same for a file whose root is a list.</summary>
    /// <exception cref="CheckpointException">It is missing, unreadable, or its root is something else.</exception>
    public static JsonElement ReadArray(string path, string kind) => Read(path, kind, JsonValueKind.Array);

    static JsonElement Read(string path, string kind, JsonValueKind root)
    {
        try
        {
            using var json = JsonDocument.Parse(QuoteBareNumbers(File.ReadAllBytes(path)));
            if (json.RootElement.ValueKind != root)
                throw new CheckpointException(
                    $"'{path}' holds {json.RootElement.ValueKind} where the {root.ToString().ToLowerInvariant()} of {kind} was expected.");
            RequireText(json.RootElement);
            return json.RootElement.Clone();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            throw new CheckpointException($"'{path}' cannot be read as {kind}: {e.Message}", e);
        }
    }

    // Latin-1 carries every byte there and back.
    static byte[] QuoteBareNumbers(byte[] json) => Encoding.Latin1.GetBytes(
        TextOrBareNumber().Replace(Encoding.Latin1.GetString(json), m => m.Value[0] == '"' ? m.Value : $"\"{m.Value}\""));

    // A text that nothing ends reaches to the end of the file: no start is tried twice, so the time is linear.
    [GeneratedRegex("""
        "(?>(?:[^"\\]|\\.)*)(?:"|\\?\z)|-?Infinity|NaN
        """, RegexOptions.Singleline)]
    private static partial Regex TextOrBareNumber();

    // Text that is no Unicode is found only when it is read: here, instead of in some caller.
    static void RequireText(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String) value.GetString();
        else if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (var item in value.EnumerateArray()) RequireText(item);
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var item in value.EnumerateObject())
            {
                _ = item.Name;
                RequireText(item.Value);
            }
        }
    }

    public static string? OptionalString(this JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
