using SpoActors.Trainer.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Checkpoints.PyTorch;

/// <summary>
/// A file of torch.save (.pt, .pth, .bin, .ckpt), in the layout of PyTorch 1.6 and later or in the one before. Nothing in it is run, and
/// tensors are views of the mapped file where the format aligned them, however many of them share a storage.
/// </summary>
public sealed class PyTorchFile : ITensorSource
{
    /// <summary>Between the keys of nested dicts and the indices of lists.</summary>
    public const char Separator = '/';

    /// <summary>Name of a tensor that was saved by itself.</summary>
    public const string Single = "value";

    readonly Dictionary<string, PickleTensor> tensors;
    readonly IReadOnlyDictionary<string, long> storages;
    readonly MappedFile file;

    PyTorchFile(string path, long length, PyTorchArchive archive)
    {
        Origin = path;
        file = new MappedFile(path, length);
        storages = archive.Storages;
        tensors = TensorTree.Flatten(archive.Root, path);
        Tensors = tensors.ToDictionary(t => t.Key, t => new TensorDescription(t.Value.DType, t.Value.Shape), StringComparer.Ordinal);
    }

    public string Origin { get; }

    /// <summary>Every tensor by its path: keys of dicts and indices of lists, joined by <see cref="Separator"/>.</summary>
    public IReadOnlyDictionary<string, TensorDescription> Tensors { get; }

    /// <summary>Opens a file and reads what it holds, except for the tensors' data.</summary>
    /// <exception cref="CheckpointException">It is missing, truncated or malformed, or refers to anything but tensors.</exception>
    public static PyTorchFile Open(string path)
    {
        using var stream = FileContent.Open(path);
        return new PyTorchFile(path, stream.Length, PyTorchArchive.Read(stream, path));
    }

    public Tensor Load(string key)
    {
        if (!tensors.TryGetValue(key, out var tensor)) throw new KeyNotFoundException($"'{Origin}' has no tensor '{key}'.");
        var size = SafetensorsTypes.Size(tensor.DType);
        // Only the part that the tensor uses: a storage may hold all weights of a model.
        using var flat = file.Read(tensor.DType, size, storages[tensor.Storage.Key] + tensor.Offset * size, tensor.Extent);
        return tensor.Extent == 0 ? flat.view(tensor.Shape) : flat.as_strided(tensor.Shape, tensor.Stride, flat.storage_offset());
    }

    public void Dispose() => file.Dispose();
}
