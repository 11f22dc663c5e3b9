using static TorchSharp.torch;

namespace SpoActors.Trainer.Checkpoints;

/// <summary>Several files as one checkpoint, such as the shards of a large model. Owns its parts.</summary>
public sealed class JoinedTensorSource : ITensorSource
{
    readonly IReadOnlyList<ITensorSource> parts;
    readonly Dictionary<string, ITensorSource> owners = new(StringComparer.Ordinal);

    /// <param name="origin">What the parts are of, for messages.</param>
    /// <param name="parts">The files.</param>
    /// <exception cref="CheckpointException">A tensor is in two of them. They are the caller's then.</exception>
    public JoinedTensorSource(string origin, IReadOnlyList<ITensorSource> parts)
    {
        (Origin, this.parts) = (origin, parts);
        foreach (var part in parts)
            foreach (var key in part.Tensors.Keys)
                if (!owners.TryAdd(key, part)) throw new CheckpointException($"'{key}' is in '{part.Origin}' and in '{owners[key].Origin}'.");
        Tensors = owners.ToDictionary(o => o.Key, o => o.Value.Tensors[o.Key], StringComparer.Ordinal);
    }

    public string Origin { get; }

    public IReadOnlyDictionary<string, TensorDescription> Tensors { get; }

    public Tensor Load(string key) =>
        owners.TryGetValue(key, out var part) ? part.Load(key) : throw new KeyNotFoundException($"'{Origin}' has no tensor '{key}'.");

    public void Dispose()
    {
        foreach (var part in parts) part.Dispose();
    }
}
