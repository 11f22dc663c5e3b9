using System.Text;
using SpoActors.Trainer.Storage;

namespace SpoActors.Trainer.Checkpoints;

/// <summary>What a file is by its first bytes, where it is not what its name says.</summary>
static class FileContent
{
    /// <summary>Bytes that are looked at.</summary>
    const int Longest = 512;

    const int Shown = 40;

    static readonly (byte[] Start, string Name)[] Binaries =
    [
        ("GGUF"u8.ToArray(), "a GGUF file of llama.cpp or stable-diffusion.cpp, whose weights are quantised; get the safetensors file"),
        ([0x89, (byte)'H', (byte)'D', (byte)'F'], "an HDF5 file, as Keras writes; get the PyTorch or safetensors file"),
        ([0x1f, 0x8b], "compressed with gzip; unpack it first"),
        ("Rar!"u8.ToArray(), "a RAR archive; unpack it first"),
        ([(byte)'7', (byte)'z', 0xbc, 0xaf], "a 7-Zip archive; unpack it first"),
        ([0x89, (byte)'P', (byte)'N', (byte)'G'], "a PNG picture"),
        ([0xff, 0xd8, 0xff], "a JPEG picture"),
        ("%PDF"u8.ToArray(), "a PDF document"),
    ];

    /// <summary>Opens an input file.</summary>
    /// <exception cref="CheckpointException">It is missing, no regular file, or may not be read.</exception>
    public static FileStream Open(string path)
    {
        try
        {
            return InputFile.Open(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(e.Message, e);
        }
    }

    /// <summary>The beginning of a file.</summary>
    /// <exception cref="CheckpointException">As <see cref="Open"/>.</exception>
    public static byte[] Start(string path)
    {
        using var file = Open(path);
        var start = new byte[Longest];
        return start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
    }

    /// <summary>What a file with that beginning is, and what to do; null if it may be a checkpoint.</summary>
    public static string? NameOf(ReadOnlySpan<byte> start)
    {
        if (start.IsEmpty) return "empty; is the download complete?";
        foreach (var (bytes, name) in Binaries)
            if (start.StartsWith(bytes)) return name;
        return Text(start) is { } text ? NameOf(text) : null;
    }

    static string? NameOf(string text)
    {
        bool Begins(string with) => text.TrimStart().StartsWith(with, StringComparison.OrdinalIgnoreCase);
        if (Begins("version https://git-lfs")) return "a Git LFS pointer instead of the file; run 'git lfs pull' in its folder, or download the file itself";
        if (Begins("<!doctype") || Begins("<html") || Begins("<head") || Begins("<?xml")) return "a web page, such as the login or error page of a download; download the file itself";
        return text.Length < Shown / 4 ? null : $"a text that begins with '{text.Trim()[..Math.Min(Shown, text.Trim().Length)].ReplaceLineEndings(" ")}'; is it the answer of a failed download?";
    }

    // JSON is left to its reader, which says where it is wrong.
    static string? Text(ReadOnlySpan<byte> start)
    {
        var text = Encoding.Latin1.GetString(start).TrimStart('\u00ef', '\u00bb', '\u00bf');
        return text.All(c => c is '\n' or '\r' or '\t' or (>= ' ' and <= '~') or >= '\u00a0') && !text.TrimStart().StartsWith('{') && !text.TrimStart().StartsWith('[') ? text : null;
    }
}
