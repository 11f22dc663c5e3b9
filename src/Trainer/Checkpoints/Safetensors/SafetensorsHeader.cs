using System.Buffers.Binary;
using System.Text.Json;

namespace SpoActors.Trainer.Checkpoints.Safetensors;

/// <summary>The table at the head of a safetensors file: names, types, shapes and where the data is.</summary>
/// <remarks>Layout: 8 bytes little-endian header length, that many bytes of JSON, then the data; offsets count from there.</remarks>
sealed class SafetensorsHeader
{
    /// <summary>The format's own limit on the header.</summary>
    const long LargestHeader = 100_000_000;

    public required IReadOnlyDictionary<string, Entry> Entries { get; init; }

    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <param name="Description">Type and shape.</param>
    /// <param name="Offset">First byte, counted from the start of the file.</param>
    /// <param name="ByteCount">Bytes of data.</param>
    /// <param name="Float8">How 8-bit numbers are read; null for the other types.</param>
    public sealed record Entry(TensorDescription Description, long Offset, long ByteCount, Float8? Float8);

    /// <summary>Reads and checks the header; every tensor lies within the file, apart from the others, and has the size its shape asks for.</summary>
    /// <exception cref="CheckpointException">The file is not a valid safetensors file.</exception>
    public static SafetensorsHeader Read(Stream file, string path)
    {
        Span<byte> prefix = stackalloc byte[8];
        if (file.ReadAtLeast(prefix, 8, throwOnEndOfStream: false) < 8)
            throw new CheckpointException($"'{path}' has {file.Length} bytes; a safetensors file has at least 8. Is the download complete?");
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length is < 2 or > LargestHeader || length > (ulong)(file.Length - 8))
            throw new CheckpointException($"'{path}' says its header has {length} bytes, but the file has {file.Length}: truncated, or not a safetensors file.");

        var bytes = new byte[length];
        file.ReadExactly(bytes);
        try
        {
            var header = new SafetensorsHeaderParser(path, 8 + (long)length, file.Length).Parse(bytes);
            CheckApart(header.Entries, path);
            return header;
        }
        // The latter is for text that is no Unicode.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new CheckpointException($"'{path}' has a header that is not JSON: {e.Message}", e);
        }
    }

    static void CheckApart(IReadOnlyDictionary<string, Entry> entries, string path)
    {
        var (end, before) = (0L, "");
        foreach (var (name, entry) in entries.Where(e => e.Value.ByteCount > 0).OrderBy(e => e.Value.Offset))
        {
            if (entry.Offset < end) throw new CheckpointException($"'{path}' is malformed: '{before}' and '{name}' overlap.");
            (end, before) = (entry.Offset + entry.ByteCount, name);
        }
    }
}
