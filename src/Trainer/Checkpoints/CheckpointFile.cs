using SpoActors.Trainer.Checkpoints.PyTorch;
using SpoActors.Trainer.Checkpoints.Safetensors;

namespace SpoActors.Trainer.Checkpoints;

/// <summary>Opens weights in whatever format they are, by what the file holds: its name may say something else.</summary>
public static class CheckpointFile
{
    /// <summary>Entries under which training programs keep the weights beside other things.</summary>
    static readonly string[] Wrappers = ["state_dict", "module", "model", "model_state_dict"];

    static readonly string[] PyTorchExtensions = [".pt", ".pth", ".bin", ".ckpt"];

    /// <summary>Opens a safetensors or PyTorch file. Of a PyTorch file that keeps its weights in an entry of their own, that entry.</summary>
    /// <exception cref="CheckpointException">It is missing, malformed, or refers to anything but tensors.</exception>
    public static ITensorSource Open(string path)
    {
        var start = FileContent.Start(path);
        if (IsPyTorch(start)) return Unwrap(PyTorchFile.Open(path));
        if (IsSafetensors(start)) return SafetensorsFile.Open(path);
        if (FileContent.NameOf(start) is { } other) throw new CheckpointException($"'{path}' is {other}.");
        return PyTorchExtensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase) ? Unwrap(PyTorchFile.Open(path)) : SafetensorsFile.Open(path);
    }

    static bool IsSafetensors(ReadOnlySpan<byte> start) => start is [_, _, _, _, 0, 0, 0, 0, (byte)'{', ..];

    // The length of a safetensors header can begin like either; the header itself follows.
    static bool IsPyTorch(ReadOnlySpan<byte> start) => !IsSafetensors(start) && (start is [(byte)'P', (byte)'K', 3, 4, ..] or [0x80, >= 2 and <= 5, ..]);

    static ITensorSource Unwrap(PyTorchFile file)
    {
        foreach (var wrapper in Wrappers)
        {
            var prefix = wrapper + PyTorchFile.Separator;
            if (file.Tensors.Keys.Any(k => k.StartsWith(prefix, StringComparison.Ordinal))) return MappedTensorSource.Below(file, prefix);
        }
        return file;
    }
}
