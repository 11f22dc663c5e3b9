using System.Buffers.Binary;

namespace SpoActors.Trainer.Tests.Fuzzing;

/// <summary>Damages files in the ways that accidents and attackers do; the same seed gives the same sequence.</summary>
sealed class Mutations(int seed)
{
    static readonly ulong[] Extremes = [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff, 0x7fffffffffffffff, 0xffffffffffffffff, 0x100000000, 0x8000000000000000];

    static readonly string[] Numbers = ["-1", "0", "99999999999", "9223372036854775807", "92233720368547758070", "1e30", "null", "\"\\ud800\"", "[]", "{}", "[[[[[["];

    readonly Random random = new(seed);

    public byte[] Apply(byte[] valid)
    {
        var bytes = valid.ToArray();
        for (var times = 1 + random.Next(3); times > 0 && bytes.Length > 0; times--) bytes = One(bytes);
        return bytes;
    }

    byte[] One(byte[] bytes)
    {
        var at = random.Next(bytes.Length);
        switch (random.Next(7))
        {
            case 0: bytes[at] ^= (byte)(1 << random.Next(8)); return bytes;
            case 1: bytes[at] = (byte)random.Next(256); return bytes;
            case 2: return bytes[..at];
            case 3: return [.. bytes[..at], .. bytes[random.Next(bytes.Length)..]];
            case 4: return Length(bytes, at);
            case 5: return Number(bytes, at);
            default:
                var end = at + random.Next(Math.Min(40, bytes.Length - at));
                return [.. bytes[..end], .. bytes[at..]];
        }
    }

    // A length field that promises more than there is.
    byte[] Length(byte[] bytes, int at)
    {
        Span<byte> value = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(value, Extremes[random.Next(Extremes.Length)]);
        value = value[..Math.Min(1 << random.Next(4), bytes.Length - at)];
        value.CopyTo(bytes.AsSpan(at));
        return bytes;
    }

    // Another value in place of the first run of digits from here.
    byte[] Number(byte[] bytes, int at)
    {
        var start = Array.FindIndex(bytes, at, b => b is >= (byte)'0' and <= (byte)'9');
        if (start < 0) return bytes;
        var end = start;
        while (end < bytes.Length && bytes[end] is >= (byte)'0' and <= (byte)'9') end++;
        return [.. bytes[..start], .. System.Text.Encoding.ASCII.GetBytes(Numbers[random.Next(Numbers.Length)]), .. bytes[end..]];
    }
}
