using static TorchSharp.torch;

namespace SpoActors.Trainer.Checkpoints.Safetensors;

/// <summary>
/// Floating-point numbers of 8 bits (arXiv 2209.05433), which TorchSharp does not have: every one of them is a float16, and is read as that.
/// </summary>
sealed class Float8
{
    /// <summary>Elements decoded at once, since each takes an index of 4 bytes meanwhile.</summary>
    const long Chunk = 1 << 24;

    readonly Half[] values;

    Float8(Func<int, Half> valueOf) => values = [.. Enumerable.Range(0, 256).Select(valueOf)];

    public static IReadOnlyList<string> Names { get; } = ["F8_E4M3", "F8_E5M2"];

    static Float8 E4M3 { get; } = new(FourThree);

    // The upper byte of a float16.
    static Float8 E5M2 { get; } = new(bits => BitConverter.UInt16BitsToHalf((ushort)(bits << 8)));

    public static Float8? Parse(string name) => name == Names[0] ? E4M3 : name == Names[1] ? E5M2 : null;

    /// <summary>float16 values of the bytes, one-dimensional; takes over the bytes.</summary>
    public Tensor Decode(Tensor bytes_N)
    {
        using var stored = bytes_N;
        using var scope = NewDisposeScope();
        var table = tensor(values.Select(v => (float)v).ToArray()).to_type(ScalarType.Float16);
        var decoded_N = empty(stored.shape[0], ScalarType.Float16);
        for (var start = 0L; start < stored.shape[0]; start += Chunk)
        {
            using var part = NewDisposeScope();
            var count = Math.Min(Chunk, stored.shape[0] - start);
            decoded_N.narrow(0, start, count).copy_(table.index_select(0, stored.narrow(0, start, count).to_type(ScalarType.Int32)));
        }
        return decoded_N.MoveToOuterDisposeScope();
    }

    // 1 bit sign, 4 exponent with a bias of 7, 3 mantissa; no infinities, and only all ones is NaN.
    static Half FourThree(int bits)
    {
        int exponent = (bits >> 3) & 15, mantissa = bits & 7;
        if ((bits & 0x7f) == 0x7f) return Half.NaN;
        var magnitude = exponent == 0 ? mantissa / 8.0 * Math.Pow(2, -6) : (1 + mantissa / 8.0) * Math.Pow(2, exponent - 7);
        return (Half)(bits < 128 ? magnitude : -magnitude);
    }
}
