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

/// <summary>An object that is no part of the weights, such as a training program's settings: nothing is known of it but that it is there.</summary>
sealed class PickleObject
{
    public static PickleObject Instance { get; } = new();
}

/// <summary>A dict or OrderedDict, in order. An empty one, of which a hostile file has millions, takes no table.</summary>
sealed class PickleDict
{
    Dictionary<string, int>? places;
    List<KeyValuePair<string, object?>>? items;

    public IReadOnlyList<KeyValuePair<string, object?>> Items => items ?? (IReadOnlyList<KeyValuePair<string, object?>>)[];

    /// <summary>Keys that are neither text nor whole numbers, such as the classes of Lightning's callbacks, are left out with their values.</summary>
    public void Set(object? key, object? value)
    {
        var name = key switch { string text => text, long number => number.ToString(CultureInfo.InvariantCulture), _ => null };
        if (name is null) return;
        places ??= new(StringComparer.Ordinal);
        items ??= [];
        if (places.TryGetValue(name, out var place)) items[place] = new(name, value);
        else
        {
            places.Add(name, items.Count);
            items.Add(new(name, value));
        }
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
