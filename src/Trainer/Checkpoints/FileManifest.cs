using System.Text.Json;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Checkpoints;

/// <summary>
/// <c>files.json</c> in a model's folder: every file with its size and SHA-256. It tells a folder that was copied or downloaded in part from a
/// whole one; folders without it are taken as they are.
/// </summary>
public static class FileManifest
{
    public const string FileName = "files.json";

    const int LargestList = 16 << 20;

    static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>A file; the path is relative, with forward slashes.</summary>
    public sealed record Entry(string Path, long Bytes, string Sha256);

    sealed record Content(IReadOnlyList<Entry> Files);

    /// <summary>Lists all files of a folder, itself excepted, and writes the list.</summary>
    public static IReadOnlyList<Entry> Write(string folder)
    {
        var entries = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(file => (File: file, Path: Path.GetRelativePath(folder, file).Replace('\\', '/')))
            .Where(f => f.Path != FileName)
            .OrderBy(f => f.Path, StringComparer.Ordinal)
            .Select(f => new Entry(f.Path, new FileInfo(f.File).Length, AtomicFile.Hash(f.File))).ToArray();
        AtomicFile.Write(Path.Combine(folder, FileName), JsonSerializer.SerializeToUtf8Bytes(new Content(entries), Options));
        return entries;
    }

    /// <summary>What is missing or damaged, a line each; empty where all is well or the folder has no list.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="compareHashes">Read every file instead of comparing sizes only.</param>
    /// <exception cref="CheckpointException">The list itself is malformed.</exception>
    public static IReadOnlyList<string> Check(string folder, bool compareHashes = false)
    {
        var path = Path.Combine(folder, FileName);
        return File.Exists(path) ? [.. Read(path).Select(e => Problem(folder, e, compareHashes)).OfType<string>()] : [];
    }

    static IReadOnlyList<Entry> Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<Content>(InputFile.ReadAll(path, LargestList), Options)?.Files ?? throw new JsonException("no files");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"'{path}' is no list of files ({e.Message}). Is the download complete?", e);
        }
    }

    static string? Problem(string folder, Entry entry, bool compareHashes)
    {
        var file = Path.Combine(folder, entry.Path);
        if (!File.Exists(file)) return $"{entry.Path} is missing";
        var bytes = new FileInfo(file).Length;
        if (bytes < entry.Bytes) return $"{entry.Path} is truncated: {bytes} of {entry.Bytes} bytes";
        if (bytes > entry.Bytes) return $"{entry.Path} has {bytes} bytes instead of {entry.Bytes}";
        return compareHashes && AtomicFile.Hash(file) != entry.Sha256 ? $"{entry.Path} has another content" : null;
    }
}
