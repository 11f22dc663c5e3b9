using System.Globalization;
using SpoActors.Trainer.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Checkpoints.PyTorch;

// What a pickle of tensors is made of. Numbers are long, BigInteger or double; None is null; the rest is string, bool and byte[].

/// <summary>A function or class by name; only named, never run.</summary>
sealed record PickleGlobal(string Module, string Name)
{
    public override string ToString() => $"{Module}.{Name}";
}

/// <summary>A dict or OrderedDict, in order.</summary>
sealed class PickleDict
{
    readonly Dictionary<string, int> places = new(StringComparer.Ordinal);
    readonly List<KeyValuePair<string, object?>> items = [];

    public IReadOnlyList<KeyValuePair<string, object?>> Items => items;

    /// <summary>False for a key that is neither text nor a whole number.</summary>
    public bool TrySet(object? key, object? value)
    {
        var name = key switch { string text => text, long number => number.ToString(CultureInfo.InvariantCulture), _ => null };
        if (name is null) return false;
        if (places.TryGetValue(name, out var place)) items[place] = new(name, value);
        else
        {
            places.Add(name, items.Count);
            items.Add(new(name, value));
        }
        return true;
    }
}

/// <summary>A list or tuple.</summary>
sealed class PickleList(List<object?> items, bool isTuple)
{
    public List<object?> Items => items;

    public bool IsTuple => isTuple;
}

/// <summary>A run of elements in the file that tensors are views of.</summary>
/// <param name="Key">Its name in the file.</param>
/// <param name="DType">Type of its elements; null for bytes whose tensors say their type.</param>
/// <param name="Count">Elements, or bytes.</param>
sealed record PickleStorage(string Key, ScalarType? DType, long Count)
{
    public int ElementSize => DType is { } type ? SafetensorsTypes.Size(type) : 1;
}

/// <summary>A tensor: part of a storage, in elements.</summary>
sealed record PickleTensor(PickleStorage Storage, ScalarType DType, long Offset, long[] Shape, long[] Stride)
{
    /// <summary>Elements from the first to the last that the tensor uses.</summary>
    public long Extent => Shape.Contains(0) ? 0 : 1 + Shape.Zip(Stride).Sum(d => (d.First - 1) * d.Second);
}
