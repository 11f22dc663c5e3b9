using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace SpoActors.Trainer.Tests.Checkpoints;

/// <summary>Writes pickles and files of torch.save, instruction by instruction.</summary>
sealed class PickleBuilder
{
    readonly List<byte> bytes = [];

    public PickleBuilder() => Bytes(0x80, 2);

    /// <summary>A state dict of float32 tensors over storages of 8 elements.</summary>
    public static byte[] StateDict(bool legacy, params (string Name, string Storage, long Offset, long[] Shape, long[] Stride)[] tensors)
    {
        var pickle = new PickleBuilder().Global("collections", "OrderedDict").Bytes(')', 'R', '(');
        foreach (var t in tensors)
        {
            pickle.Text(t.Name).Global("torch._utils", "_rebuild_tensor_v2").Bytes('(', '(').Text("storage").Global("torch", "FloatStorage")
                .Text(t.Storage).Text("cpu").Int(8);
            if (legacy) pickle.Bytes('N');
            pickle.Bytes('t', 'Q').Int(t.Offset).Ints(t.Shape).Ints(t.Stride).Bytes(0x89).Global("collections", "OrderedDict").Bytes(')', 'R', 't', 'R');
        }
        return pickle.Bytes('u').Build();
    }

    /// <summary>A zip archive as torch.save writes it; each storage holds 0 .. 7, plus 100 for each one before.</summary>
    public static byte[] Zip(byte[] pickle, string[] storages, CompressionLevel compression = CompressionLevel.NoCompression)
    {
        using var target = new MemoryStream();
        using (var archive = new ZipArchive(target, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add("archive/data.pkl", pickle);
            for (var i = 0; i < storages.Length; i++) Add($"archive/data/{storages[i]}", Values(i));
            Add("archive/version", "3\n"u8.ToArray());

            void Add(string name, byte[] data)
            {
                using var entry = archive.CreateEntry(name, compression).Open();
                entry.Write(data);
            }
        }
        return target.ToArray();
    }

    /// <summary>The layout before PyTorch 1.6.</summary>
    public static byte[] Legacy(byte[] pickle, string[] storages)
    {
        var keys = new PickleBuilder().Bytes(']', '(');
        foreach (var storage in storages) keys.Text(storage);
        return
        [
            .. new PickleBuilder().Bytes(0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19).Build(),
            .. new PickleBuilder().Int(1001).Build(),
            .. new PickleBuilder().Bytes('}', '(').Text("little_endian").Bytes(0x88, 'u').Build(),
            .. pickle, .. keys.Bytes('e').Build(),
            .. storages.SelectMany((_, i) => (byte[])[8, 0, 0, 0, 0, 0, 0, 0, .. Values(i)]),
        ];
    }

    public PickleBuilder Bytes(params int[] values)
    {
        foreach (var value in values) bytes.Add((byte)value);
        return this;
    }

    public PickleBuilder Global(string module, string name)
    {
        bytes.AddRange(Encoding.ASCII.GetBytes($"c{module}\n{name}\n"));
        return this;
    }

    public PickleBuilder Text(string text)
    {
        Bytes('X').Number((uint)Encoding.UTF8.GetByteCount(text));
        bytes.AddRange(Encoding.UTF8.GetBytes(text));
        return this;
    }

    public PickleBuilder Int(long value)
    {
        Span<byte> wide = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(wide, value);
        Bytes(0x8a, 8);
        bytes.AddRange(wide);
        return this;
    }

    public PickleBuilder Ints(params long[] values)
    {
        Bytes('(');
        foreach (var value in values) Int(value);
        return Bytes('t');
    }

    public byte[] Build()
    {
        Bytes('.');
        return [.. bytes];
    }

    void Number(uint value)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(four, value);
        bytes.AddRange(four);
    }

    static byte[] Values(int storage) => [.. Enumerable.Range(0, 8).SelectMany(i => BitConverter.GetBytes(100f * storage + i))];
}
