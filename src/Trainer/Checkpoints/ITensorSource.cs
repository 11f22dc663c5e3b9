using static TorchSharp.torch;

namespace SpoActors.Trainer.Checkpoints;

/// <summary>A checkpoint's tensors by key, read on demand; what every checkpoint format offers to the models.</summary>
public interface ITensorSource : IDisposable
{
    /// <summary>Path of the file or folder, for error messages.</summary>
    string Origin { get; }

    /// <summary>Every tensor in the checkpoint, without its data.</summary>
    IReadOnlyDictionary<string, TensorDescription> Tensors { get; }

    /// <summary>
    /// The tensor in its stored type, on the CPU. It may be a view of a mapped file: it stays valid as long as it lives,
    /// and must not be written to. Owned by the caller (its dispose scope).
    /// </summary>
    /// <exception cref="KeyNotFoundException">No such key; the message names the file.</exception>
    Tensor Load(string key);
}

/// <summary>Type and shape of a stored tensor.</summary>
public sealed record TensorDescription(ScalarType DType, IReadOnlyList<long> Shape);
