using System.Buffers.Binary;
using System.Text;

namespace SpoActors.Trainer.Checkpoints.PyTorch;

/// <summary>Bytes of a pickle; nothing longer than what is left is ever allocated.</summary>
sealed class PickleInput(Stream stream, string origin)
{
    static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public string Origin => origin;

    public byte Byte() => stream.ReadByte() is >= 0 and var value ? (byte)value : throw Ended();

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Bytes(4));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(8));

    /// <summary>Pickles hold these most significant byte first.</summary>
    public double Double() => BinaryPrimitives.ReadDoubleBigEndian(Bytes(8));

    public byte[] Bytes(ulong count)
    {
        if (count > (ulong)(stream.Length - stream.Position) || count > (ulong)Array.MaxLength) throw Ended();
        var bytes = new byte[count];
        stream.ReadExactly(bytes);
        return bytes;
    }

    public string Text(ulong count)
    {
        try
        {
            return Utf8.GetString(Bytes(count));
        }
        catch (DecoderFallbackException e)
        {
            throw new CheckpointException($"'{origin}' is malformed: a name in its pickle is not UTF-8.", e);
        }
    }

    /// <summary>Text up to a line feed, which is skipped.</summary>
    public string Line()
    {
        const int Longest = 1000;
        var text = new StringBuilder();
        for (var value = Byte(); value != '\n'; value = Byte())
        {
            if (text.Length == Longest) throw new CheckpointException($"'{origin}' is malformed: a name in its pickle has over {Longest} characters.");
            text.Append((char)value);
        }
        return text.ToString();
    }

    CheckpointException Ended() => new($"'{origin}' is malformed: its pickle ends too early. Is the download complete?");
}
