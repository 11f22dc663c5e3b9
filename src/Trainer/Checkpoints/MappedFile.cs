using static TorchSharp.torch;

namespace SpoActors.Trainer.Checkpoints;

/// <summary>A file mapped into memory, of which parts are tensors.</summary>
sealed class MappedFile(string path, long length) : IDisposable
{
    // One mapping for each type, since a view can't change the element type; made when first asked for.
    readonly Dictionary<ScalarType, Tensor> mappings = [];

    public string Path => path;

    public long Length => length;

    /// <summary>Elements of a part of the file, one-dimensional: a view that stays valid without this object.</summary>
    /// <param name="type">Their type.</param>
    /// <param name="size">Bytes of an element.</param>
    /// <param name="offset">First byte in the file.</param>
    /// <param name="count">Elements; the caller has checked that they lie in the file.</param>
    public Tensor Read(ScalarType type, int size, long offset, long count)
    {
        if (count == 0) return zeros(0, type);
        // Formats align only their beginning: an element may straddle the type's grid, and is copied then.
        return offset % size == 0 ? Mapping(type, size).narrow(0, offset / size, count) : CopyOut(type, offset, count);
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
                mapping = from_file(path, shared: false, length / size, type).DetachFromDisposeScope();
                mappings.Add(type, mapping);
            }
            return mapping;
        }
    }

    Tensor CopyOut(ScalarType type, long offset, long count)
    {
        const long Chunk = 1 << 27;
        var tensor = empty(count, type);
        using var file = FileContent.Open(path);
        file.Seek(offset, SeekOrigin.Begin);
        for (var start = 0L; start < count; start += Chunk)
        {
            using var part = tensor.narrow(0, start, Math.Min(Chunk, count - start));
            file.ReadExactly(part.bytes);
        }
        return tensor;
    }
}
