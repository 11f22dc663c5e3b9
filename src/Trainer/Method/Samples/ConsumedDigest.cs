using System.Buffers.Binary;
using System.Security.Cryptography;

namespace SpoActors.Trainer.Method.Samples;

/// <summary>
/// A hash chain over every sample a run has trained on, in order. Two runs with the same digest have consumed the same samples, in the
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

    public void Add(TrainingSample sample) => Add(sample.Id, sample.Timestep, sample.Win.Candidate, sample.Lose?.Candidate ?? -1);

    /// <param name="id">Identity.</param>
    /// <param name="timestep">t.</param>
    /// <param name="win">Candidate of the win side.</param>
    /// <param name="lose">Candidate of the lose side; -1 where there is none.</param>
    public void Add(SampleId id, double timestep, int win, int lose)
    {
        Span<byte> link = stackalloc byte[SHA256.HashSizeInBytes + 36];
        chain.CopyTo(link);
        var entry = link[SHA256.HashSizeInBytes..];
        BinaryPrimitives.WriteInt32LittleEndian(entry, id.Round);
        BinaryPrimitives.WriteInt32LittleEndian(entry[4..], id.Item);
        BinaryPrimitives.WriteInt32LittleEndian(entry[8..], id.Step);
        BinaryPrimitives.WriteInt32LittleEndian(entry[12..], id.PromptIndex);
        BinaryPrimitives.WriteDoubleLittleEndian(entry[16..], timestep);
        BinaryPrimitives.WriteInt32LittleEndian(entry[24..], win);
        BinaryPrimitives.WriteInt32LittleEndian(entry[28..], lose);
        BinaryPrimitives.WriteInt32LittleEndian(entry[32..], id.Candidate);
        chain = SHA256.HashData(link);
    }
}
