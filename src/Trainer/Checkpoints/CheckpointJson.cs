using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Checkpoints;

/// <summary>The JSON files beside weights.</summary>
static partial class CheckpointJson
{
    /// <summary>The largest that there is, a tokenizer.json, has some megabytes.</summary>
    const int LargestFile = 16 << 20;

    const int Looked = 512;

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
            var bytes = InputFile.ReadAll(path, LargestFile);
            if (FileContent.NameOf(bytes.AsSpan(0, Math.Min(bytes.Length, Looked))) is { } other) throw new CheckpointException($"'{path}' is {other}.");
            if (bytes is [0xff, 0xfe, ..] or [0xfe, 0xff, ..] or [_, 0, ..] or [0, ..]) throw new CheckpointException($"'{path}' is UTF-16 text; expected UTF-8: convert it, for example with iconv -f UTF-16 -t UTF-8.");
            using var json = JsonDocument.Parse(QuoteBareNumbers(bytes.AsSpan(bytes is [0xef, 0xbb, 0xbf, ..] ? 3 : 0)));
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
    static byte[] QuoteBareNumbers(ReadOnlySpan<byte> json) => Encoding.Latin1.GetBytes(
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
