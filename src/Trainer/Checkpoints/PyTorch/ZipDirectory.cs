using System.Buffers.Binary;
using System.Text;

namespace SpoActors.Trainer.Checkpoints.PyTorch;

/// <summary>
/// Where the members of a zip archive lie in the file, from its central directory, so that they can be mapped instead of read;
/// local headers may leave sizes out (PKWARE's APPNOTE.TXT, sections 4.3.12 to 4.3.16).
/// </summary>
static class ZipDirectory
{
    const uint LocalHeader = 0x04034b50, CentralHeader = 0x02014b50, End = 0x06054b50, End64 = 0x06064b50, End64Locator = 0x07064b50;
    const int LocalSize = 30, CentralSize = 46, EndSize = 22, End64Size = 56, LocatorSize = 20, LongestComment = 65535, MostMembers = 500_000;

    /// <param name="Offset">First byte of its data.</param>
    /// <param name="Length">Bytes of its data.</param>
    public readonly record struct Member(long Offset, long Length);

    /// <summary>Members by name; those that are compressed or encrypted are refused.</summary>
    /// <exception cref="CheckpointException">The archive is truncated or malformed.</exception>
    public static IReadOnlyDictionary<string, Member> Read(Stream file, string path)
    {
        var (offset, size, count) = FindDirectory(file, path);
        if (offset < 0 || size < 0 || offset > file.Length - size) throw Malformed(path, "its directory lies outside the file");
        if (count > MostMembers) throw Malformed(path, $"it has {count} members, which no checkpoint has");
        var directory = ReadAt(file, offset, (int)Math.Min(size, Array.MaxLength), path);
        var members = new Dictionary<string, Member>(StringComparer.Ordinal);
        var rest = directory.AsSpan();
        for (var i = 0L; i < count; i++)
        {
            if (rest.Length < CentralSize || Uint(rest) != CentralHeader) throw Malformed(path, $"its directory ends after {i} of {count} members");
            int nameLength = Short(rest[28..]), extraLength = Short(rest[30..]), commentLength = Short(rest[32..]);
            if (rest.Length < CentralSize + nameLength + extraLength + commentLength) throw Malformed(path, "its directory is cut off");
            var name = Encoding.UTF8.GetString(rest.Slice(CentralSize, nameLength));
            if (!members.TryAdd(name, ReadMember(file, rest, rest.Slice(CentralSize + nameLength, extraLength), name, path)))
                throw Malformed(path, $"it holds '{name}' twice");
            rest = rest[(CentralSize + nameLength + extraLength + commentLength)..];
        }
        return members;
    }

    static Member ReadMember(Stream file, ReadOnlySpan<byte> header, ReadOnlySpan<byte> extra, string name, string path)
    {
        if ((Short(header[8..]) & 1) != 0) throw Malformed(path, $"'{name}' is encrypted");
        if (Short(header[10..]) != 0) throw Malformed(path, $"'{name}' is compressed, which torch.save never does");
        long stored = Uint(header[20..]), length = Uint(header[24..]), local = Uint(header[42..]);
        ReadZip64(extra, ref length, ref stored, ref local, path);
        if (stored != length || local < 0 || length < 0 || local > file.Length - LocalSize) throw Malformed(path, $"'{name}' lies outside the file");
        // Name and extra field may be longer here than in the directory: torch.save pads with the latter.
        var localHeader = ReadAt(file, local, LocalSize, path).AsSpan();
        if (Uint(localHeader) != LocalHeader) throw Malformed(path, $"'{name}' has no header");
        var data = local + LocalSize + Short(localHeader[26..]) + Short(localHeader[28..]);
        if (data > file.Length - length) throw Malformed(path, $"'{name}' lies outside the file");
        return new Member(data, length);
    }

    // Values that do not fit 32 bits stand, in this order, in the extra field 1.
    static void ReadZip64(ReadOnlySpan<byte> extra, ref long length, ref long stored, ref long local, string path)
    {
        while (extra.Length >= 4)
        {
            int kind = Short(extra), size = Short(extra[2..]);
            if (size > extra.Length - 4) throw Malformed(path, "a member's extra field is cut off");
            if (kind == 1)
            {
                var values = extra.Slice(4, size);
                Widen(ref length, ref values, path);
                Widen(ref stored, ref values, path);
                Widen(ref local, ref values, path);
            }
            extra = extra[(4 + size)..];
        }
    }

    static void Widen(ref long value, ref ReadOnlySpan<byte> values, string path)
    {
        if (value != uint.MaxValue) return;
        if (values.Length < 8) throw Malformed(path, "a member's zip64 field is cut off");
        value = Long(values);
        values = values[8..];
    }

    static (long Offset, long Size, long Count) FindDirectory(Stream file, string path)
    {
        var start = Math.Max(0, file.Length - EndSize - LongestComment);
        var tail = ReadAt(file, start, (int)(file.Length - start), path);
        for (var at = tail.Length - EndSize; at >= 0; at--)
        {
            var end = tail.AsSpan(at);
            if (Uint(end) != End || Short(end[20..]) != end.Length - EndSize) continue;
            var (count, size, offset) = ((long)Short(end[10..]), (long)Uint(end[12..]), (long)Uint(end[16..]));
            return count == ushort.MaxValue || size == uint.MaxValue || offset == uint.MaxValue ? FindDirectory64(file, start + at, path) : (offset, size, count);
        }
        throw new CheckpointException($"'{path}' begins like a zip archive but has no directory at its end: truncated. Is the download complete?");
    }

    static (long Offset, long Size, long Count) FindDirectory64(Stream file, long end, string path)
    {
        if (end < LocatorSize) throw Malformed(path, "its zip64 directory is missing");
        var locator = ReadAt(file, end - LocatorSize, LocatorSize, path).AsSpan();
        var at = Long(locator[8..]);
        if (Uint(locator) != End64Locator || at < 0 || at > file.Length - End64Size) throw Malformed(path, "its zip64 directory is missing");
        var end64 = ReadAt(file, at, End64Size, path).AsSpan();
        if (Uint(end64) != End64) throw Malformed(path, "its zip64 directory is missing");
        return (Long(end64[48..]), Long(end64[40..]), Long(end64[32..]));
    }

    static byte[] ReadAt(Stream file, long offset, int count, string path)
    {
        if (count > file.Length - offset) throw Malformed(path, "it is cut off");
        var bytes = new byte[count];
        file.Position = offset;
        file.ReadExactly(bytes);
        return bytes;
    }

    static CheckpointException Malformed(string path, string what) => new($"'{path}' is not a valid zip archive: {what}.");

    static int Short(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    static uint Uint(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    static long Long(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt64LittleEndian(bytes);
}
