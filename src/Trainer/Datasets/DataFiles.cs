namespace SpoActors.Trainer.Datasets;

/// <summary>
/// The files of a data set's folder, at any depth. Hidden files and folders are no data, nor are the unfinished parts of a writer
/// (<c>_temporary</c>, <c>_delta_log</c>). Links are followed, but every file counts once.
/// </summary>
static class DataFiles
{
    const int MostLinks = 40;

    static readonly string[] NoData = ["_temporary", "_delta_log"];

    /// <summary>In the ordinal order of their paths.</summary>
    /// <exception cref="IOException">A folder cannot be read, or links lead in a circle.</exception>
    public static IReadOnlyList<FileInfo> Below(string folder)
    {
        var (files, seen) = (new List<FileInfo>(), new HashSet<string>(StringComparer.Ordinal));
        Walk(new DirectoryInfo(folder), files, seen);
        files.Sort((a, b) => string.CompareOrdinal(a.FullName, b.FullName));
        return [.. files.Where(f => seen.Add(RealPath(f.FullName)))];
    }

    static void Walk(DirectoryInfo folder, List<FileInfo> files, HashSet<string> seen)
    {
        if (!seen.Add(RealPath(folder.FullName))) return;
        foreach (var entry in folder.EnumerateFileSystemInfos().OrderBy(e => e.LinkTarget is null ? 0 : 1).ThenBy(e => e.Name, StringComparer.Ordinal))
        {
            if (entry.Name.StartsWith('.') || NoData.Contains(entry.Name)) continue;
            if (Directory.Exists(entry.FullName)) Walk(new DirectoryInfo(entry.FullName), files, seen);
            else files.Add(new FileInfo(entry.FullName));
        }
    }

    /// <summary>A path without links.</summary>
    static string RealPath(string path, int links = 0)
    {
        if (links > MostLinks) throw new IOException($"the links at '{path}' lead in a circle");
        var real = Path.GetPathRoot(path)!;
        foreach (var part in path[real.Length..].Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))
        {
            real = Path.Combine(real, part);
            if (new FileInfo(real).LinkTarget is { } target) real = RealPath(Path.GetFullPath(target, Path.GetDirectoryName(real)!), links + 1);
        }
        return real;
    }
}
