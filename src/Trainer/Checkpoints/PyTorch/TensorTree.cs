using System.Globalization;

namespace SpoActors.Trainer.Checkpoints.PyTorch;

/// <summary>Finds the tensors in nested dicts and lists.</summary>
/// <remarks>Paths are made for tensors only, and their number and length are bounded: a small file can share its values between millions of places.</remarks>
sealed class TensorTree
{
    const int MostNested = 32, LongestPath = 1000, MostValues = 10_000_000, MostTensors = 500_000, MostCharacters = 50_000_000;

    readonly Dictionary<string, PickleTensor> tensors = new(StringComparer.Ordinal);
    readonly List<(string? Name, int Index)> parts = [];
    readonly string origin;
    int visited, characters;

    TensorTree(string origin) => this.origin = origin;

    /// <returns>Tensors by path.</returns>
    /// <exception cref="CheckpointException">The nesting is none that a program would write, or two tensors have one path.</exception>
    public static Dictionary<string, PickleTensor> Flatten(object? root, string origin)
    {
        var tree = new TensorTree(origin);
        tree.Visit(root);
        return tree.tensors;
    }

    void Visit(object? value)
    {
        // A value can be in many places, even in itself.
        if (parts.Count > MostNested || ++visited > MostValues) throw TooMuch();
        if (value is PickleTensor tensor) Add(tensor);
        else if (value is PickleDict dict)
        {
            for (var i = 0; i < dict.Items.Count; i++) Visit(dict.Items[i].Key, 0, dict.Items[i].Value);
        }
        else if (value is PickleList list)
        {
            for (var i = 0; i < list.Items.Count; i++) Visit(null, i, list.Items[i]);
        }
    }

    void Visit(string? name, int index, object? value)
    {
        parts.Add((name, index));
        Visit(value);
        parts.RemoveAt(parts.Count - 1);
    }

    void Add(PickleTensor tensor)
    {
        if (parts.Sum(p => (p.Name?.Length ?? 0) + 1L) > LongestPath || tensors.Count == MostTensors) throw TooMuch();
        var path = parts.Count == 0 ? PyTorchFile.Single : string.Join(PyTorchFile.Separator, parts.Select(p => p.Name ?? p.Index.ToString(CultureInfo.InvariantCulture)));
        if ((characters += path.Length) > MostCharacters) throw TooMuch();
        if (!tensors.TryAdd(path, tensor)) throw new CheckpointException($"'{origin}' holds '{path}' twice.");
    }

    CheckpointException TooMuch() => new($"'{origin}' nests its values deeper, or names more of them or longer, than a checkpoint does.");
}
