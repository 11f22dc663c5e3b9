using System.Text.Json;

namespace SpoActors.Trainer.Checkpoints.Diffusers;

/// <summary><c>*.index.json</c>: which of several files holds which tensor.</summary>
static class ShardIndex
{
    /// <exception cref="CheckpointException">The index is malformed, or files or tensors that it names are missing; all are listed.</exception>
    public static ITensorSource Open(string path)
    {
        var files = Read(path);
        var folder = Path.GetDirectoryName(path)!;
        var absent = files.Values.Distinct(StringComparer.Ordinal).Where(f => !File.Exists(Path.Combine(folder, f))).Order(StringComparer.Ordinal).ToList();
        if (absent.Count > 0)
            throw new CheckpointException($"'{path}' names files that are missing: {List(absent)}. Is the download complete?");

        var parts = new List<ITensorSource>();
        try
        {
            foreach (var file in files.Values.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
                parts.Add(CheckpointFile.Open(Path.Combine(folder, file)));
            var joined = new JoinedTensorSource(path, parts);
            var lost = files.Keys.Where(k => !joined.Tensors.ContainsKey(k)).Order(StringComparer.Ordinal).ToList();
            if (lost.Count > 0) throw new CheckpointException($"'{path}' names tensors that its files do not hold: {List(lost)}. The index is of another download than its files.");
            return joined;
        }
        catch (CheckpointException)
        {
            foreach (var part in parts) part.Dispose();
            throw;
        }
    }

    static string List(List<string> names)
    {
        const int Listed = 20;
        return string.Join(", ", names.Take(Listed)) + (names.Count > Listed ? $" and {names.Count - Listed} more" : "");
    }

    static Dictionary<string, string> Read(string path)
    {
        var json = CheckpointJson.ReadObject(path, "an index of weights");
        if (!json.TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object)
            throw new CheckpointException($"'{path}' has no object weight_map.");
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in map.EnumerateObject())
        {
            // A name with folders in it could point out of the model's folder.
            if (entry.Value.ValueKind != JsonValueKind.String || entry.Value.GetString() is not { Length: > 0 } file
                || file.AsSpan().ContainsAny('/', '\\', '\0') || file is "." or "..")
                throw new CheckpointException($"'{path}': '{entry.Name}' is in {entry.Value.GetRawText()}, which is no plain file name.");
            files[entry.Name] = file;
        }
        return files;
    }
}
