using System.Buffers.Binary;
using System.Text.Json;

namespace SpoActors.Trainer.Checkpoints.Safetensors;

/// <summary>The table at the head of a safetensors file: names, types, shapes and where the data is.</summary>
/// <remarks>Layout: 8 bytes little-endian header length, that many bytes of JSON, then the data; offsets count from there.</remarks>
sealed class SafetensorsHeader
{
    /// <summary>The format's own limit on the header.</summary>
    const long LargestHeader = 100_000_000;

    const int MostDimensions = 64;

    public required IReadOnlyDictionary<string, Entry> Entries { get; init; }

    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <param name="Description">Type and shape.</param>
    /// <param name="Offset">First byte, counted from the start of the file.</param>
    /// <param name="ByteCount">Bytes of data.</param>
    public sealed record Entry(TensorDescription Description, long Offset, long ByteCount);

    /// <summary>Reads and checks the header; every tensor lies within the file and has the size its shape asks for.</summary>
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
            using var json = JsonDocument.Parse(bytes);
            return Parse(json.RootElement, 8 + (long)length, file.Length, path);
        }
        // The latter is for text that is no Unicode.
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new CheckpointException($"'{path}' has a header that is not JSON: {e.Message}", e);
        }
    }

    static SafetensorsHeader Parse(JsonElement root, long dataStart, long fileLength, string path)
    {
        if (root.ValueKind != JsonValueKind.Object) throw new CheckpointException($"'{path}' has a header that is not a JSON object.");
        var entries = new Dictionary<string, Entry>(StringComparer.Ordinal);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in root.EnumerateObject())
        {
            if (property.Name == "__metadata__")
            {
                if (property.Value.ValueKind != JsonValueKind.Object) throw new CheckpointException($"'{path}': __metadata__ is not an object.");
                foreach (var item in property.Value.EnumerateObject())
                    metadata[item.Name] = item.Value.ValueKind == JsonValueKind.String ? item.Value.GetString()! : item.Value.GetRawText();
            }
            else if (!entries.TryAdd(property.Name, ParseEntry(property.Name, property.Value, dataStart, fileLength, path)))
            {
                throw new CheckpointException($"'{path}' holds '{property.Name}' twice.");
            }
        }
        return new SafetensorsHeader { Entries = entries, Metadata = metadata };
    }

    static Entry ParseEntry(string name, JsonElement value, long dataStart, long fileLength, string path)
    {
        if (value.ValueKind != JsonValueKind.Object
            || !value.TryGetProperty("dtype", out var dtype) || dtype.ValueKind != JsonValueKind.String
            || !value.TryGetProperty("shape", out var shape) || shape.ValueKind != JsonValueKind.Array
            || !value.TryGetProperty("data_offsets", out var offsets) || offsets.ValueKind != JsonValueKind.Array || offsets.GetArrayLength() != 2)
            throw new CheckpointException($"'{path}': the entry of '{name}' lacks dtype, shape or data_offsets.");

        var type = SafetensorsTypes.Parse(dtype.GetString()!)
            ?? throw new CheckpointException($"'{path}': '{name}' has the type {dtype.GetString()}, which is not supported ({SafetensorsTypes.Supported}).");
        var sizes = new List<long>(shape.GetArrayLength());
        var (elements, isEmpty) = (1L, false);
        foreach (var dimension in shape.EnumerateArray())
        {
            if (dimension.ValueKind != JsonValueKind.Number || !dimension.TryGetInt64(out var size) || size < 0)
                throw new CheckpointException($"'{path}': '{name}' has the shape {shape.GetRawText()}.");
            sizes.Add(size);
            // Saturates instead of overflowing: a shape that large can't match its offsets below.
            elements = elements <= long.MaxValue / 16 / Math.Max(1, size) ? elements * Math.Max(1, size) : long.MaxValue / 16;
            isEmpty |= size == 0;
        }
        // Also beside a 0, sizes must be some that a tensor can have.
        if (sizes.Count > MostDimensions || elements == long.MaxValue / 16) throw new CheckpointException($"'{path}': '{name}' has a shape that no tensor has.");
        if (isEmpty) elements = 0;
        if (offsets[0].ValueKind != JsonValueKind.Number || offsets[1].ValueKind != JsonValueKind.Number
            || !offsets[0].TryGetInt64(out var begin) || !offsets[1].TryGetInt64(out var end)
            || begin < 0 || end < begin || end > fileLength - dataStart)
            throw new CheckpointException($"'{path}': '{name}' lies at {offsets.GetRawText()}, but the file has {fileLength - dataStart} bytes of data: truncated?");
        if (end - begin != elements * SafetensorsTypes.Size(type))
            throw new CheckpointException($"'{path}': '{name}' has {end - begin} bytes, but shape {shape.GetRawText()} of {dtype.GetString()} takes {elements * SafetensorsTypes.Size(type)}.");
        return new Entry(new TensorDescription(type, sizes), dataStart + begin, end - begin);
    }
}
