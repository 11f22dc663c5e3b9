namespace SpoActors.Trainer.Checkpoints.PyTorch;

/// <summary>What a file of torch.save holds, and where the bytes of its storages are.</summary>
/// <param name="Root">The object that was saved.</param>
/// <param name="Storages">First byte of each storage in the file, by key.</param>
sealed record PyTorchArchive(object? Root, IReadOnlyDictionary<string, long> Storages)
{
    const string Pickle = "data.pkl";

    /// <summary>Tensors lie beside the pickle: a large model's has a megabyte or two.</summary>
    const long LargestPickle = 200_000_000;

    static ReadOnlySpan<byte> ZipStart => "PK"u8;

    /// <exception cref="CheckpointException">The file is malformed, or holds something else than tensors.</exception>
    public static PyTorchArchive Read(Stream file, string path)
    {
        Span<byte> start = stackalloc byte[4];
        start = start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        file.Position = 0;
        if (start.StartsWith(ZipStart)) return ReadZip(file, path);
        if (start.Length > 1 && start[0] == (byte)PickleOpcode.Proto) return LegacyLayout.Read(file, path);
        throw new CheckpointException($"'{path}' is not a PyTorch checkpoint: it begins with 0x{Convert.ToHexString(start)}, neither a zip archive nor a pickle. Is it what a failed download left?");
    }

    static PyTorchArchive ReadZip(Stream file, string path)
    {
        var members = ZipDirectory.Read(file, path);
        // All lie in one folder, whose name is arbitrary.
        var pickles = members.Keys.Where(m => m == Pickle || (m.EndsWith("/" + Pickle, StringComparison.Ordinal) && m.Count(c => c == '/') == 1)).ToList();
        if (pickles.Count == 0) throw new CheckpointException($"'{path}' is a zip archive, but not of torch.save: it has no {Pickle}.");
        if (pickles is not [var pickle]) throw new CheckpointException($"'{path}' is malformed: it holds {pickles.Count} pickles, '{pickles[0]}' and '{pickles[1]}'; expected one.");
        var folder = pickle[..^Pickle.Length];
        if (members.ContainsKey(folder + "constants.pkl"))
            throw new CheckpointException($"'{path}' is a TorchScript program, which holds code; save the model's state_dict() instead.");
        if (members.TryGetValue(folder + "byteorder", out var order) && Bytes(file, order, path) is var text && !text.AsSpan().SequenceEqual("little"u8))
            throw new CheckpointException($"'{path}' was written on a big-endian machine, which is not supported.");

        var globals = new PyTorchGlobals(path, file.Length);
        var root = PickleMachine.Read(new PickleInput(new MemoryStream(Bytes(file, members[pickle], path)), path), globals);
        var places = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (key, storage) in globals.Storages)
        {
            if (!members.TryGetValue($"{folder}data/{key}", out var member)) throw new CheckpointException($"'{path}' lacks the data of storage '{key}'.");
            if (member.Length / storage.ElementSize < storage.Count)
                throw new CheckpointException($"'{path}': storage '{key}' has {member.Length} bytes, but {storage.Count} elements of {storage.ElementSize} bytes.");
            places.Add(key, member.Offset);
        }
        return new PyTorchArchive(root, places);
    }

    static byte[] Bytes(Stream file, ZipDirectory.Member member, string path)
    {
        if (member.Length > LargestPickle) throw new CheckpointException($"'{path}' has a pickle of {member.Length} bytes, which is no checkpoint's.");
        var bytes = new byte[member.Length];
        file.Position = member.Offset;
        file.ReadExactly(bytes);
        return bytes;
    }
}
