using System.Runtime.Versioning;
using System.Security.Cryptography;

namespace SpoActors.Trainer.Native;

/// <summary>
/// Keeps native code between runs where nobody but the user can put any: its folders are the user's own, with mode 0700, and the file is
/// compared with what it should be, by SHA-256, before it is loaded.
/// </summary>
[SupportedOSPlatform("linux")]
static class NativeCache
{
    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>The user's cache folder, and for a read-only home the temporary folder, in a folder of the user's own.</summary>
    public static IReadOnlyList<(string Root, string Own)> Places =>
    [
        (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg ? xdg : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"), "spoactors"),
        (Path.GetTempPath(), $"spoactors-{FileOwner.User}"),
    ];

    /// <summary>A folder that holds exactly that content under that name.</summary>
    /// <param name="places">Folders to try, in this order: a root, and the name of the user's own folder in it.</param>
    /// <param name="file">The file's name.</param>
    /// <param name="content">Its content.</param>
    /// <exception cref="IOException">None of the places is the user's own and writable; the message says what is wrong with each.</exception>
    public static string Keep(IEnumerable<(string Root, string Own)> places, string file, byte[] content)
    {
        var hash = SHA256.HashData(content);
        var problems = new List<string>();
        foreach (var (root, own) in places)
        {
            try
            {
                var folder = Folder(root, own, Convert.ToHexStringLower(hash));
                var path = Path.Combine(folder, file);
                if (!IsIntact(path, hash)) Write(path, content);
                return folder;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A read-only home, or somebody else's folder: the next place.
                problems.Add(e.Message);
            }
        }
        throw new IOException($"there is no folder for native code: {string.Join("; ", problems)}. Set XDG_CACHE_HOME to a folder of your own");
    }

    static string Folder(string root, string own, string hash)
    {
        Directory.CreateDirectory(root);
        if (!FileOwner.KeepsOwnEntries(root)) throw new IOException($"others may replace the folders in '{root}'");
        var folder = root;
        foreach (var part in (string[])[own, "native", hash])
        {
            folder = Path.Combine(folder, part);
            Directory.CreateDirectory(folder, OwnerOnly);
            if (!FileOwner.IsOwnFolder(folder)) throw new IOException($"'{folder}' is not this user's own, or others may write to it");
        }
        return folder;
    }

    static bool IsIntact(string path, byte[] hash)
    {
        if (!FileOwner.IsOwnFile(path)) return false;
#pragma warning disable RS0030 // A copy that this program made.
        using var file = File.OpenRead(path);
#pragma warning restore RS0030
        return SHA256.HashData(file).AsSpan().SequenceEqual(hash);
    }

    static void Write(string path, byte[] content)
    {
        // Several processes may start at once: each writes its own file, and the rename is atomic.
        var unfinished = $"{path}.{Environment.ProcessId}";
        File.Delete(unfinished);
        using (var file = new FileStream(unfinished, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly })) file.Write(content);
        File.Move(unfinished, path, overwrite: true);
    }
}
