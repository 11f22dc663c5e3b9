using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SpoActors.Trainer.Method;

/// <summary>
/// A hash chain over every pair a run has trained on, in order. Two runs with the same digest have consumed the same pairs, in the
/// same order, with the same winners, each exactly once.
/// </summary>
public sealed class ConsumedDigest
{
    byte[] chain;

    /// <summary>The digest before anything is consumed.</summary>
    public ConsumedDigest() => chain = new byte[SHA256.HashSizeInBytes];

    /// <summary>Continues a chain from its hexadecimal value.</summary>
    public ConsumedDigest(string value) => chain = Convert.FromHexString(value);

    /// <summary>The chain's value in hexadecimal.</summary>
    public string Value => Convert.ToHexStringLower(chain);

    public void Add(PairId id, long timestep, int win, int lose)
    {
        Span<byte> link = stackalloc byte[SHA256.HashSizeInBytes + 32];
        chain.CopyTo(link);
        var entry = link[SHA256.HashSizeInBytes..];
        BinaryPrimitives.WriteInt32LittleEndian(entry, id.Round);
        BinaryPrimitives.WriteInt32LittleEndian(entry[4..], id.Item);
        BinaryPrimitives.WriteInt32LittleEndian(entry[8..], id.Step);
        BinaryPrimitives.WriteInt32LittleEndian(entry[12..], id.PromptIndex);
        BinaryPrimitives.WriteInt64LittleEndian(entry[16..], timestep);
        BinaryPrimitives.WriteInt32LittleEndian(entry[24..], win);
        BinaryPrimitives.WriteInt32LittleEndian(entry[28..], lose);
        chain = SHA256.HashData(link);
    }
}
