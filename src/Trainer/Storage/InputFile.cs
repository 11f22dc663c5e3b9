using SpoActors.Specification.Texts;

namespace SpoActors.Trainer.Storage;

/// <summary>
/// How files that others wrote are opened: a pipe, a device or a folder in a file's place would hang the program, fill its memory or say
/// something unclear.
/// </summary>
public static class InputFile
{
    /// <summary>Opens a regular file, links followed, for reading.</summary>
    /// <exception cref="FileNotFoundException">There is none.</exception>
    /// <exception cref="IOException">It is no regular file, or cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static FileStream Open(string path)
    {
        if (!Path.Exists(path)) throw new FileNotFoundException($"'{path}' does not exist.", path);
        return RegularFile.Obstacle(path) is { } obstacle ? throw new IOException($"'{path}' is {obstacle}; expected a file.") : File.OpenRead(path);
    }

    /// <summary>The whole content of a file that is small by its nature.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mostBytes">A longer one is refused before it is read.</param>
    /// <exception cref="IOException">As <see cref="Open"/>, or it is longer.</exception>
    public static byte[] ReadAll(string path, int mostBytes)
    {
        using var file = Open(path);
        if (file.Length > mostBytes) throw new IOException($"'{path}' has {file.Length} bytes; expected at most {mostBytes}.");
        var bytes = new byte[file.Length];
        return bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }
}
