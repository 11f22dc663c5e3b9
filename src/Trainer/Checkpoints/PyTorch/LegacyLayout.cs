using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;

namespace SpoActors.Trainer.Checkpoints.PyTorch;

/// <summary>
/// The layout before PyTorch 1.6: pickles of a magic number, a version, the machine's properties, the object and the storages' keys,
/// then each storage as a count of elements and their bytes.
/// </summary>
static class LegacyLayout
{
    const long Version = 1001;

    static readonly BigInteger Magic = BigInteger.Parse("1950a86a20f9469cfc6c", NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    /// <exception cref="CheckpointException">The file is malformed, or holds something else than tensors.</exception>
    public static PyTorchArchive Read(Stream file, string path)
    {
        var globals = new PyTorchGlobals(path, file.Length);
        var input = new PickleInput(file, path);
        object? Next() => PickleMachine.Read(input, globals);

        if (Next() is not BigInteger magic || magic != Magic || Next() is not Version)
            throw new CheckpointException($"'{path}' is a pickle, but not one of torch.save. Get the weights as safetensors.");
        if (Next() is PickleDict properties && properties.Items.Any(i => i is { Key: "little_endian", Value: false }))
            throw new CheckpointException($"'{path}' was written on a big-endian machine, which is not supported.");
        var root = Next();
        if (Next() is not PickleList keys || !keys.Items.All(k => k is string)) throw Malformed(path, "its list of storages is no list of names");
        return new PyTorchArchive(root, Places(file, path, globals, [.. keys.Items.Cast<string>()]));
    }

    static Dictionary<string, long> Places(Stream file, string path, PyTorchGlobals globals, string[] keys)
    {
        var places = new Dictionary<string, long>(StringComparer.Ordinal);
        Span<byte> count = stackalloc byte[8];
        foreach (var key in keys)
        {
            if (!globals.Storages.TryGetValue(key, out var storage) || places.ContainsKey(key)) throw Malformed(path, $"it lists the storage '{key}', which no tensor uses, or lists it twice");
            if (file.ReadAtLeast(count, 8, throwOnEndOfStream: false) < 8) throw Malformed(path, "it ends before its storages do");
            var written = BinaryPrimitives.ReadInt64LittleEndian(count);
            if (written != storage.Count) throw Malformed(path, $"the storage '{key}' has {written} elements, but its tensors expect {storage.Count}");
            if (storage.Count > (file.Length - file.Position) / storage.ElementSize) throw Malformed(path, "it ends before its storages do; is the download complete?");
            places.Add(key, file.Position);
            file.Position += storage.Count * storage.ElementSize;
        }
        if (globals.Storages.Keys.FirstOrDefault(k => !places.ContainsKey(k)) is { } missing) throw Malformed(path, $"it lacks the data of storage '{missing}'");
        return places;
    }

    static CheckpointException Malformed(string path, string what) => new($"'{path}' is malformed: {what}.");
}
