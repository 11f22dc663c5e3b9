namespace SpoActors.Trainer.Checkpoints.SingleFile;

/// <summary>Questions about the shapes in a checkpoint from which a configuration is worked out.</summary>
sealed class TensorShapes(ITensorSource source)
{
    /// <summary>More blocks or layers than any model has.</summary>
    public const int Most = 256;

    public bool Has(string key) => source.Tensors.ContainsKey(key);

    public int Rank(string key) => Shape(key).Count;

    public int Dimension(string key, int dimension) => Shape(key) is var shape && dimension < shape.Count && shape[dimension] is > 0 and <= int.MaxValue and var size
        ? (int)size
        : throw new CheckpointException($"'{source.Origin}': '{key}' is [{string.Join(", ", shape)}], which no such model has.");

    /// <summary>How many consecutive indices, from 0, have a tensor.</summary>
    public int Count(Func<int, string> key) => Count(key, i => i).Count;

    /// <summary>A value of each consecutive index, from 0, that has a tensor.</summary>
    public IReadOnlyList<int> Count(Func<int, string> key, Func<int, int> value) =>
        [.. Enumerable.Range(0, Most).TakeWhile(i => Has(key(i))).Select(value)];

    IReadOnlyList<long> Shape(string key) => source.Tensors.TryGetValue(key, out var description)
        ? description.Shape
        : throw new CheckpointException($"'{source.Origin}' lacks '{key}', so its configuration cannot be worked out.");
}
