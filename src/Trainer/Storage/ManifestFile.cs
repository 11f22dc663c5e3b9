using System.Text.Json;
using System.Text.Json.Serialization;

namespace SpoActors.Trainer.Storage;

/// <summary>A manifest as a file: JSON with snake_case keys, none of them unknown.</summary>
static class ManifestFile
{
    const int Largest = 1 << 20;

    static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    public static byte[] ToBytes<T>(T manifest) => JsonSerializer.SerializeToUtf8Bytes(manifest, Options);

    /// <summary>Reads a manifest.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What it shall be, for errors.</param>
    /// <param name="formatOf">Its format's version.</param>
    /// <param name="newest">The newest that this program knows; it reads all before.</param>
    /// <param name="check">Looks at the values.</param>
    /// <exception cref="RunStateException">It is not one, or of another format.</exception>
    public static T Read<T>(string path, string what, Func<T, int> formatOf, int newest, Action<T> check)
    {
        try
        {
            var manifest = JsonSerializer.Deserialize<T>(InputFile.ReadAll(path, Largest), Options) ?? throw new RunStateException($"'{path}' is not {what}: it holds null.");
            if (formatOf(manifest) is var format && (format < 1 || format > newest)) throw new RunStateException($"'{path}' has format {format}; this program reads formats 1 to {newest}.");
            check(manifest);
            return manifest;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new RunStateException($"'{path}' is not {what}: {e.Message}", e);
        }
    }
}
