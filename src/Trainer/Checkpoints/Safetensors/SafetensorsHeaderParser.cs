using System.Text.Json;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Checkpoints.Safetensors;

/// <summary>Reads a safetensors header token by token: a document of it would take many times its bytes.</summary>
/// <param name="path">The file, for messages.</param>
/// <param name="dataStart">First byte of the data in the file.</param>
/// <param name="fileLength">Bytes of the file.</param>
sealed class SafetensorsHeaderParser(string path, long dataStart, long fileLength)
{
    const int MostDimensions = 64, LongestName = 2000, MostTensors = 500_000, MostMetadata = 10_000, LongestMetadata = 4_000_000;

    readonly Dictionary<string, SafetensorsHeader.Entry> entries = new(StringComparer.Ordinal);
    readonly Dictionary<string, string> metadata = new(StringComparer.Ordinal);

    /// <exception cref="JsonException">It is not JSON.</exception>
    /// <exception cref="CheckpointException">It is no header.</exception>
    public SafetensorsHeader Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw Wrong("has a header that is not a JSON object");
        while (Name(ref reader) is { } name)
        {
            reader.Read();
            if (name == "__metadata__") ReadMetadata(ref reader);
            else if (entries.Count == MostTensors) throw Wrong($"has over {MostTensors} tensors, which no model has");
            else if (!entries.TryAdd(name, ReadEntry(ref reader, name))) throw Wrong($"holds '{name}' twice");
        }
        while (reader.Read()) { }
        return new SafetensorsHeader { Entries = entries, Metadata = metadata };
    }

    // The next property's name; null at the object's end.
    string? Name(ref Utf8JsonReader reader)
    {
        if (!reader.Read() || reader.TokenType == JsonTokenType.EndObject) return null;
        if (reader.ValueSpan.Length > LongestName) throw Wrong($"has a name of {reader.ValueSpan.Length} bytes, which no model has");
        return reader.GetString()!;
    }

    void ReadMetadata(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw Wrong("is malformed: __metadata__ is not an object");
        while (Name(ref reader) is { } name)
        {
            reader.Read();
            if (metadata.Count == MostMetadata) throw Wrong($"has over {MostMetadata} entries of metadata");
            metadata[name] = Value(ref reader);
        }
    }

    // Strings by the format; some writers put objects there.
    static string Value(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.String)
            return reader.ValueSpan.Length <= LongestMetadata ? reader.GetString()! : $"({reader.ValueSpan.Length} bytes, not read)";
        if (reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray)) return System.Text.Encoding.UTF8.GetString(reader.ValueSpan);
        var start = reader.TokenStartIndex;
        reader.Skip();
        return $"({reader.BytesConsumed - start} bytes of JSON, not read)";
    }

    SafetensorsHeader.Entry ReadEntry(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.StartObject) throw Incomplete(name);
        string? dtype = null;
        List<long>? shape = null, offsets = null;
        while (Name(ref reader) is { } key)
        {
            reader.Read();
            if (key == "dtype" && reader.TokenType == JsonTokenType.String) dtype = reader.ValueSpan.Length <= LongestName ? reader.GetString() : throw Incomplete(name);
            else if (key == "shape") shape = Numbers(ref reader, name, key);
            else if (key == "data_offsets") offsets = Numbers(ref reader, name, key);
            else reader.Skip();
        }
        return dtype is not null && shape is not null && offsets is [var begin, var end] ? Entry(name, dtype, shape, begin, end) : throw Incomplete(name);
    }

    List<long> Numbers(ref Utf8JsonReader reader, string name, string key)
    {
        var numbers = new List<long>();
        if (reader.TokenType != JsonTokenType.StartArray) throw Incomplete(name);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || number < 0 || numbers.Count == MostDimensions)
                throw Wrong($"is malformed: '{name}' has {key} that are not up to {MostDimensions} whole numbers from 0");
            numbers.Add(number);
        }
        return numbers;
    }

    SafetensorsHeader.Entry Entry(string name, string dtype, List<long> shape, long begin, long end)
    {
        const long Most = long.MaxValue / 16;
        var float8 = Float8.Parse(dtype);
        var type = float8 is null ? SafetensorsTypes.Parse(dtype) : ScalarType.Float16;
        if (type is not { } known) throw Wrong($"is not supported: '{name}' has the type {dtype} (expected one of {SafetensorsTypes.Supported})");
        var size = float8 is null ? SafetensorsTypes.Size(known) : 1;
        // Saturates instead of overflowing: a shape that large can't match its offsets. Also beside a 0, sizes must be some that a tensor can have.
        var elements = shape.Aggregate(1L, (product, side) => product <= Most / Math.Max(1, side) ? product * Math.Max(1, side) : Most);
        if (elements == Most) throw Wrong($"is malformed: '{name}' has a shape that no tensor has");
        if (shape.Contains(0)) elements = 0;
        if (end < begin || end > fileLength - dataStart)
            throw Wrong($"is malformed: '{name}' lies at [{begin}, {end}], but the file has {fileLength - dataStart} bytes of data: truncated?");
        if (end - begin != elements * size)
            throw Wrong($"is malformed: '{name}' has {end - begin} bytes, but shape [{string.Join(", ", shape)}] of {dtype} takes {elements * size}");
        return new SafetensorsHeader.Entry(new TensorDescription(known, shape), dataStart + begin, end - begin, float8);
    }

    CheckpointException Incomplete(string name) => Wrong($"is malformed: the entry of '{name}' lacks dtype, shape or data_offsets");

    CheckpointException Wrong(string what) => new($"'{path}' {what}.");
}
