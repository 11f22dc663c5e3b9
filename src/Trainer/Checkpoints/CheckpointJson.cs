using System.Text.Json;

namespace SpoActors.Trainer.Checkpoints;

/// <summary>The JSON files beside weights.</summary>
static class CheckpointJson
{
    /// <summary>Reads a file whose root is an object.</summary>
    /// <param name="path">The file.</param>
    /// <param name="kind">What it should be, for messages.</param>
    /// <exception cref="CheckpointException">It is missing, unreadable, or its root is something else.</exception>
    public static JsonElement ReadObject(string path, string kind)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                throw new CheckpointException($"'{path}' holds {json.RootElement.ValueKind} where the object of {kind} was expected.");
            return json.RootElement.Clone();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CheckpointException($"'{path}' cannot be read as {kind}: {e.Message}", e);
        }
    }

    public static string? OptionalString(this JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
