using System.Text;
using SpoActors.Specification.Texts;

namespace SpoActors.Trainer.Storage;

/// <summary>A folder of results, held by one process at a time.</summary>
public sealed class HeldFolder : IDisposable
{
    /// <summary>The file that names the last commit.</summary>
    public const string ManifestFile = "manifest.json";

    /// <summary>A JSON line for every round or step.</summary>
    public const string MetricsFile = "metrics.jsonl";

    const string LockFile = ".lock", OwnerFile = ".owner";

    const int LongestOwner = 1 << 16;

    readonly FileStream held;

    /// <summary>The folders above that were not there before, from the innermost on.</summary>
    readonly IReadOnlyList<string> madeAbove;

    HeldFolder(string path, FileStream held, bool isResumed, IReadOnlyList<string> madeAbove) =>
        (Path, this.held, IsResumed, this.madeAbove) = (path, held, isResumed, madeAbove);

    public string Path { get; }

    /// <summary>Whether something was there already.</summary>
    public bool IsResumed { get; }

    /// <summary>Makes the folder, or opens it to resume.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="resume">Go on with what is there; a folder that is not there is made.</param>
    /// <exception cref="RunStateException">It holds something and <paramref name="resume"/> is false, or is in use.</exception>
    public static HeldFolder Open(string path, bool resume)
    {
        if (File.Exists(path)) throw new RunStateException($"'{path}' is a file; the run needs a folder of that name. Choose another name or output.");
        var existing = Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any(e => System.IO.Path.GetFileName(e) is not (LockFile or OwnerFile));
        if (existing && !resume)
            throw new RunStateException($"'{path}' is not empty. Add --resume to go on with its run, or choose another name (--set name=...) or --output.");
        RefusePipes(path);
        var missing = Above(path).TakeWhile(parent => !Directory.Exists(parent)).ToArray();
        Directory.CreateDirectory(path);
        var folder = new HeldFolder(path, Hold(path), existing, missing);
        RemoveUnfinished(path);
        return folder;
    }

    /// <summary>What is appended to, such as the log, would wait for ever for a pipe's reader, or fill a device.</summary>
    static void RefusePipes(string path)
    {
        if (!Directory.Exists(path)) return;
        foreach (var file in Directory.EnumerateFiles(path))
            if (RegularFile.Obstacle(file) is { } obstacle) throw new RunStateException($"'{file}' is {obstacle}; a run's folder holds files. Remove it, or choose another name.");
    }

    /// <summary>
    /// Opens the folder to resume, beside others of one owner and nobody else: trainers of one cluster that replace each other, of which one
    /// may be standing still. Who of them may write is their business.
    /// </summary>
    /// <param name="path">The folder; made if it is not there.</param>
    /// <param name="owner">Whose they are.</param>
    /// <exception cref="RunStateException">It is in use by another owner, or by one process alone.</exception>
    public static HeldFolder Share(string path, string owner)
    {
        RefusePipes(path);
        Directory.CreateDirectory(path);
        var ownerPath = System.IO.Path.Combine(path, OwnerFile);
        try
        {
            // Nobody else is here: whoever was has left.
            using var alone = Hold(path);
            RemoveUnfinished(path);
            AtomicFile.Write(ownerPath, Encoding.UTF8.GetBytes(owner));
        }
        catch (RunStateException)
        {
            if (!File.Exists(ownerPath) || Encoding.UTF8.GetString(InputFile.ReadAll(ownerPath, LongestOwner)) != owner) throw;
        }
        return new HeldFolder(path, Hold(path, FileAccess.Read, FileShare.Read), isResumed: true, madeAbove: []);
    }

    /// <summary>What a killed process has left half written. Nobody else writes here as long as the folder is held.</summary>
    static void RemoveUnfinished(string path)
    {
        var everywhere = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };
        foreach (var file in Directory.EnumerateFiles(path, ".*.tmp", everywhere))
        {
            try
            {
                File.Delete(file);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It only takes room.
            }
        }
    }

    static IEnumerable<string> Above(string path)
    {
        for (var parent = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path)); parent is not null; parent = System.IO.Path.GetDirectoryName(parent)) yield return parent;
    }

    /// <summary>Removes a folder that this process made, with those above it, and that holds no result yet, so that nothing is in the next attempt's way.</summary>
    public void Abandon()
    {
        // Metrics are begun, empty, before the first is there.
        if (IsResumed || new[] { ManifestFile, MetricsFile }.Any(file => new FileInfo(System.IO.Path.Combine(Path, file)) is { Exists: true, Length: > 0 })) return;
        try
        {
            Directory.Delete(Path, recursive: true);
            // Another run's folder may have come into one of them: then it stays.
            foreach (var parent in madeAbove) Directory.Delete(parent);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Why the folder is abandoned is what the user should see.
        }
    }

    public void Dispose() => held.Dispose();

    static FileStream Hold(string path, FileAccess access = FileAccess.ReadWrite, FileShare share = FileShare.None)
    {
        try
        {
            // Released by the system when the process ends, however it ends.
            return new FileStream(System.IO.Path.Combine(path, LockFile), FileMode.OpenOrCreate, access, share);
        }
        catch (IOException e)
        {
            throw new RunStateException($"'{path}' is in use by another process. Wait for it to end, or choose another name.", e);
        }
    }
}
