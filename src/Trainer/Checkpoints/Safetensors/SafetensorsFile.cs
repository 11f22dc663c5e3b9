using static TorchSharp.torch;

namespace SpoActors.Trainer.Checkpoints.Safetensors;

/// <summary>A safetensors file, mapped into memory: tensors are views of the file, nothing is copied until it is used.</summary>
public sealed class SafetensorsFile : ITensorSource
{
    readonly SafetensorsHeader header;
    readonly long fileLength;

    // One mapping for each type, since a view can't change the element type; made when first asked for.
    readonly Dictionary<ScalarType, Tensor> mappings = [];

    SafetensorsFile(string path, SafetensorsHeader header, long fileLength)
    {
        Origin = path;
        this.header = header;
        this.fileLength = fileLength;
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
        if (!File.Exists(path)) throw new CheckpointException($"'{path}' does not exist.");
        using var file = File.OpenRead(path);
        return new SafetensorsFile(path, SafetensorsHeader.Read(file, path), file.Length);
    }

    public Tensor Load(string key)
    {
        if (!header.Entries.TryGetValue(key, out var entry)) throw new KeyNotFoundException($"'{Origin}' has no tensor '{key}'.");
        var (type, shape) = (entry.Description.DType, entry.Description.Shape.ToArray());
        var size = SafetensorsTypes.Size(type);
        if (entry.ByteCount == 0) return zeros(shape, type);
        // The format aligns only its header: an element may straddle the type's grid, and is copied then.
        if (entry.Offset % size != 0) return CopyOut(entry, type, shape);
        using var flat = Mapping(type, size).narrow(0, entry.Offset / size, entry.ByteCount / size);
        return flat.view(shape);
    }

    public void Dispose()
    {
        foreach (var mapping in mappings.Values) mapping.Dispose();
        mappings.Clear();
    }

    Tensor Mapping(ScalarType type, int size)
    {
        lock (mappings)
        {
            if (!mappings.TryGetValue(type, out var mapping))
            {
                mapping = from_file(Origin, shared: false, fileLength / size, type).DetachFromDisposeScope();
                mappings.Add(type, mapping);
            }
            return mapping;
        }
    }

    Tensor CopyOut(SafetensorsHeader.Entry entry, ScalarType type, long[] shape)
    {
        var tensor = empty(shape, type);
        using var file = File.OpenRead(Origin);
        file.Seek(entry.Offset, SeekOrigin.Begin);
        file.ReadExactly(tensor.bytes);
        return tensor;
    }
}
