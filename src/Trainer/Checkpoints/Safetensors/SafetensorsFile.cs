using static TorchSharp.torch;

namespace SpoActors.Trainer.Checkpoints.Safetensors;

/// <summary>A safetensors file, mapped into memory: tensors are views of the file, nothing is copied until it is used.</summary>
public sealed class SafetensorsFile : ITensorSource
{
    readonly SafetensorsHeader header;
    readonly MappedFile file;

    SafetensorsFile(string path, SafetensorsHeader header, long fileLength)
    {
        Origin = path;
        this.header = header;
        file = new MappedFile(path, fileLength);
        Tensors = header.Entries.ToDictionary(e => e.Key, e => e.Value.Description, StringComparer.Ordinal);
    }

    public string Origin { get; }

    public IReadOnlyDictionary<string, TensorDescription> Tensors { get; }

    /// <summary>The free-form strings of <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => header.Metadata;

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="CheckpointException">It is missing, truncated or malformed.</exception>
    public static SafetensorsFile Open(string path)
    {
        using var file = FileContent.Open(path);
        return new SafetensorsFile(path, SafetensorsHeader.Read(file, path), file.Length);
    }

    public Tensor Load(string key)
    {
        if (!header.Entries.TryGetValue(key, out var entry)) throw new KeyNotFoundException($"'{Origin}' has no tensor '{key}'.");
        var (type, shape) = (entry.Description.DType, entry.Description.Shape.ToArray());
        if (entry.Float8 is { } float8) return float8.Decode(file.Read(ScalarType.Byte, 1, entry.Offset, entry.ByteCount)).view(shape);
        var size = SafetensorsTypes.Size(type);
        using var flat = file.Read(type, size, entry.Offset, entry.ByteCount / size);
        return flat.view(shape);
    }

    public void Dispose() => file.Dispose();
}
