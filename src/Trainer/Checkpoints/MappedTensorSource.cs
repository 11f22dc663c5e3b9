using static TorchSharp.torch;

namespace SpoActors.Trainer.Checkpoints;

/// <summary>One tensor of a <see cref="MappedTensorSource"/>: where it comes from, and how it is made.</summary>
/// <param name="Source">Key in the underlying source.</param>
/// <param name="Shape">Shape after <paramref name="Transform"/>; null where it is unchanged.</param>
/// <param name="Transform">A view of the stored tensor (transpose, part of it); null for the tensor as it is.</param>
public sealed record MappedTensor(string Source, IReadOnlyList<long>? Shape = null, Func<Tensor, Tensor>? Transform = null);

/// <summary>A checkpoint seen under other keys. Copies nothing.</summary>
public sealed class MappedTensorSource : ITensorSource
{
    readonly ITensorSource inner;
    readonly IReadOnlyDictionary<string, MappedTensor> map;
    readonly bool ownsInner;

    /// <param name="inner">The checkpoint.</param>
    /// <param name="map">By the keys to be seen; other tensors are hidden.</param>
    /// <param name="ownsInner">Whether disposing this disposes the underlying source.</param>
    public MappedTensorSource(ITensorSource inner, IReadOnlyDictionary<string, MappedTensor> map, bool ownsInner = true)
    {
        (this.inner, this.map, this.ownsInner) = (inner, map, ownsInner);
        Tensors = map.ToDictionary(m => m.Key, m => m.Value.Shape is { } shape
            ? inner.Tensors[m.Value.Source] with { Shape = shape }
            : inner.Tensors[m.Value.Source], StringComparer.Ordinal);
    }

    public string Origin => inner.Origin;

    public IReadOnlyDictionary<string, TensorDescription> Tensors { get; }

    /// <summary>Only the keys that begin with a prefix, without it.</summary>
    public static MappedTensorSource Below(ITensorSource inner, string prefix) =>
        new(inner, inner.Tensors.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(k => k[prefix.Length..], k => new MappedTensor(k), StringComparer.Ordinal));

    /// <summary>Every tensor under the name that a rule gives it.</summary>
    /// <exception cref="CheckpointException">Two tensors get the same name; the source is closed.</exception>
    public static MappedTensorSource Renamed(ITensorSource inner, Func<string, string> rename)
    {
        var map = new Dictionary<string, MappedTensor>(StringComparer.Ordinal);
        foreach (var key in inner.Tensors.Keys)
        {
            var name = rename(key);
            if (map.TryAdd(name, new MappedTensor(key))) continue;
            inner.Dispose();
            throw new CheckpointException($"'{inner.Origin}' holds '{name}' twice: as '{map[name].Source}' and as '{key}'.");
        }
        return new MappedTensorSource(inner, map);
    }

    public Tensor Load(string key)
    {
        if (!map.TryGetValue(key, out var mapped)) throw new KeyNotFoundException($"'{Origin}' has no tensor '{key}'.");
        var stored = inner.Load(mapped.Source);
        if (mapped.Transform is null) return stored;
        using (stored) return mapped.Transform(stored);
    }

    public void Dispose()
    {
        if (ownsInner) inner.Dispose();
    }
}
