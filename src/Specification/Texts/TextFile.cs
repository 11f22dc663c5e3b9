using System.Globalization;
using System.Text;

namespace SpoActors.Specification.Texts;

/// <summary>Reads files of text whole, and refuses in one problem what is none.</summary>
static class TextFile
{
    const int MiB = 1 << 20;

    static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The text of a UTF-8 file, without a byte order mark.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mostBytes">A longer one is refused before it is read.</param>
    /// <param name="start">What to start from, for a file that is not there.</param>
    /// <exception cref="TextFileException">It is missing, no regular file, too long, unreadable, or not UTF-8.</exception>
    public static string Read(string path, long mostBytes, string start)
    {
        if (RegularFile.Obstacle(path) is { } obstacle) throw Wrong("file", obstacle, "a file of text", start);
        byte[] bytes;
        try
        {
#pragma warning disable RS0030 // It was looked at just above.
            using var file = File.OpenRead(path);
#pragma warning restore RS0030
            if (file.Length > mostBytes)
                throw Wrong("file", string.Create(CultureInfo.InvariantCulture, $"{file.Length:N0} bytes"), $"at most {mostBytes / MiB} MiB of text", "Check that it is the right file, or split it.");
            bytes = new byte[file.Length];
            bytes = bytes[..file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Wrong("file", "a file that cannot be read", "a readable file", e.Message);
        }
        if (IsUtf16(bytes)) throw Wrong("byte 1", "UTF-16 text", "UTF-8 text", "Convert the file, for example with iconv -f UTF-16 -t UTF-8.");
        try
        {
            var text = Strict.GetString(bytes).TrimStart('\uFEFF');
            return text.IndexOf('\0', StringComparison.Ordinal) is var nul and >= 0
                ? throw Wrong($"character {nul + 1}", "a NUL character, as in binary files", "text", "Check that it is the right file.")
                : text;
        }
        catch (DecoderFallbackException e)
        {
            throw Wrong($"byte {e.Index + 1}", "bytes that are not UTF-8", "UTF-8 text", "Convert the file, for example with iconv.");
        }
    }

    /// <summary>By its byte order mark, or by every other byte of its beginning being zero.</summary>
    static bool IsUtf16(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xFE]) || bytes.StartsWith((ReadOnlySpan<byte>)[0xFE, 0xFF])) return true;
        return bytes is [not 0, 0, not 0, 0, ..] or [0, not 0, 0, not 0, ..];
    }

    static TextFileException Wrong(string where, string found, string expected, string fix) => new(new Problem(where, found, expected, fix));
}

/// <summary>A file is no text that can be read.</summary>
sealed class TextFileException(Problem problem) : Exception(problem.ToString())
{
    public Problem Problem { get; } = problem;
}
