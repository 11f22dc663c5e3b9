using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace SpoActors.Trainer.Storage;

/// <summary>Writes a file so that a crash or a full disk leaves either the old content or the new, never a mixture.</summary>
public static class AtomicFile
{
    /// <summary>Writes beside the target, flushes to the disk, and renames over it.</summary>
    /// <param name="path">The file to replace.</param>
    /// <param name="write">Writes the content.</param>
    /// <returns>SHA-256 of the content, hexadecimal.</returns>
    /// <exception cref="IOException">The disk is full or the folder not writable; the old file is as it was.</exception>
    public static string Write(string path, Action<Stream> write)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        // Processes of several containers may share a folder and have one id; threads of one process may write one file.
        var unfinished = Path.Combine(folder, $".{Path.GetFileName(path)}.{Environment.ProcessId}-{Path.GetRandomFileName()}.tmp");
        try
        {
            string hash;
            using (var file = new FileStream(unfinished, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20))
            using (var sha = SHA256.Create())
            {
                using (var hashing = new CryptoStream(file, sha, CryptoStreamMode.Write, leaveOpen: true)) write(hashing);
                file.Flush(flushToDisk: true);
                hash = Convert.ToHexStringLower(sha.Hash!);
            }
            File.Move(unfinished, path, overwrite: true);
            FlushFolder(folder);
            return hash;
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }

    /// <inheritdoc cref="Write(string, Action{Stream})"/>
    public static string Write(string path, ReadOnlyMemory<byte> content) => Write(path, stream => stream.Write(content.Span));

    /// <summary>Copies a file; the copy is there whole or not at all.</summary>
    /// <returns>SHA-256 of the content, hexadecimal.</returns>
    /// <exception cref="IOException">The disk is full or a folder not accessible; an old copy is as it was.</exception>
    public static string Copy(string source, string target) => Write(target, stream =>
    {
        using var file = InputFile.Open(source);
        file.CopyTo(stream);
    });

    /// <summary>SHA-256 of a file, hexadecimal.</summary>
    public static string Hash(string path)
    {
        using var file = InputFile.Open(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    /// <summary>A rename is durable only once the folder's entry is on the disk; .NET opens no folders, so libc does.</summary>
    static void FlushFolder(string folder)
    {
        if (!OperatingSystem.IsLinux()) return;
        var descriptor = open(folder, 0);
        if (descriptor < 0) throw new IOException($"'{folder}' cannot be opened (errno {Marshal.GetLastPInvokeError()})");
        try
        {
            // Some network file systems cannot flush folders (EINVAL): the rename is as durable there as they make it.
            if (fsync(descriptor) != 0 && Marshal.GetLastPInvokeError() is var errno and not InvalidArgument)
                throw new IOException($"'{folder}' cannot be flushed to the disk (errno {errno})");
        }
        finally
        {
            _ = close(descriptor);
        }
    }

    const int InvalidArgument = 22;

    [DllImport("libc", SetLastError = true, CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    static extern int open(string path, int flags);

    [DllImport("libc", SetLastError = true)]
    static extern int fsync(int descriptor);

    [DllImport("libc")]
    static extern int close(int descriptor);
}
