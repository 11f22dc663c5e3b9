using System.Text;

namespace SpoActors.Trainer.Storage;

/// <summary>A folder of results, held by one process at a time.</summary>
public sealed class HeldFolder : IDisposable
{
    /// <summary>The file that names the last commit.</summary>
    public const string ManifestFile = "manifest.json";

    /// <summary>A JSON line for every round or step.</summary>
    public const string MetricsFile = "metrics.jsonl";

    const string LockFile = ".lock", OwnerFile = ".owner";

    readonly FileStream held;

    HeldFolder(string path, FileStream held, bool isResumed) => (Path, this.held, IsResumed) = (path, held, isResumed);

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
        Directory.CreateDirectory(path);
        var folder = new HeldFolder(path, Hold(path), existing);
        RemoveUnfinished(path);
        return folder;
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
            if (!File.Exists(ownerPath) || File.ReadAllText(ownerPath) != owner) throw;
        }
        return new HeldFolder(path, Hold(path, FileAccess.Read, FileShare.Read), isResumed: true);
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

    /// <summary>Removes a folder that this process made and that holds no result yet, so that nothing is in the next attempt's way.</summary>
    public void Abandon()
    {
        // Metrics are begun, empty, before the first is there.
        if (IsResumed || new[] { ManifestFile, MetricsFile }.Any(file => new FileInfo(System.IO.Path.Combine(Path, file)) is { Exists: true, Length: > 0 })) return;
        try
        {
            Directory.Delete(Path, recursive: true);
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
