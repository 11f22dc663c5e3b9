using System.Globalization;
using System.Text;
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
    /// <exception cref="InputFileException">It is no regular file.</exception>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be read.</exception>
    public static FileStream Open(string path)
    {
        if (!Path.Exists(path)) throw new FileNotFoundException($"'{path}' does not exist.", path);
#pragma warning disable RS0030 // The one place that is meant.
        return RegularFile.Obstacle(path) is { } obstacle ? throw new InputFileException($"'{path}' is {obstacle}; expected a file.") : File.OpenRead(path);
#pragma warning restore RS0030
    }

    /// <summary>The whole content of a file that is small by its nature.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mostBytes">A longer one is refused before it is read.</param>
    /// <exception cref="IOException">As <see cref="Open"/>, or it is longer.</exception>
    public static byte[] ReadAll(string path, int mostBytes)
    {
        using var file = Open(path);
        if (file.Length > mostBytes) throw new InputFileException($"'{path}' has {file.Length} bytes; expected at most {mostBytes}.");
        var bytes = new byte[file.Length];
        return bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }

    /// <summary>The lines of a UTF-8 file, read one after the other: a file of any length takes the memory of its longest line.</summary>
    /// <param name="path">The file.</param>
    /// <param name="longest">Characters that a line may have; the end of a file of binary data may be its first line's.</param>
    /// <exception cref="IOException">As <see cref="Open"/>, or a line is longer.</exception>
    public static IEnumerable<string> ReadLines(string path, int longest)
    {
        using var reader = new StreamReader(Open(path), Encoding.UTF8);
        var (line, number, buffer) = (new StringBuilder(), 1, new char[1 << 14]);
        while (reader.Read(buffer) is > 0 and var read)
        {
            var rest = new ReadOnlyMemory<char>(buffer, 0, read);
            for (int end; (end = rest.Span.IndexOf('\n')) >= 0; rest = rest[(end + 1)..])
            {
                Append(rest[..end]);
                yield return line.ToString().TrimEnd('\r');
                line.Clear();
                number++;
            }
            Append(rest);
        }
        if (line.Length > 0) yield return line.ToString().TrimEnd('\r');

        void Append(ReadOnlyMemory<char> part)
        {
            if (line.Length + part.Length > longest)
                throw new InputFileException(string.Create(CultureInfo.InvariantCulture, $"'{path}', line {number}, has more than {longest:N0} characters; is it a file of text?"));
            line.Append(part);
        }
    }
}
